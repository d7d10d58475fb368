// Names the elements. Doing it twice, or in two versions, keeps the first.

import { RegrantReconnect } from './reconnect.js';
import { RegrantStatus } from './status.js';

for (const [name, element] of [['regrant-reconnect', RegrantReconnect], ['regrant-status', RegrantStatus]]) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, element);
}
