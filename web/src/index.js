// The classes of the elements, without an effect.

export { RegrantReconnect } from './reconnect.js';
export { RegrantStatus } from './status.js';
