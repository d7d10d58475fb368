// What a page loads with one tag: the elements are named, and their classes exported.

import './define.js';

export * from './index.js';
