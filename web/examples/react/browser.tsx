// Brings the rendered page to life.

import { hydrateRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.querySelector<HTMLElement>('#root');
if (root) hydrateRoot(root, <App api={root.dataset.api ?? ''} />);
