// A page in React 19, for the server and the browser.

import { useState } from 'react';
import type { FetchSession } from '@regrant/web';
import '@regrant/web/define.js';

export interface Settings {
  api: string;
}

const fetchSession: FetchSession = async (asked) => {
  const answer = await fetch('/session', { method: 'POST', body: JSON.stringify(asked) });
  return answer.json();
};

export function App({ api }: Settings) {
  const [steps, setSteps] = useState<string[]>([]);
  const [needed, setNeeded] = useState<number | null>(null);
  return (
    <main>
      <p id="steps">{steps.join(' ')}</p>
      <p id="needed">{needed === null ? 'unknown' : String(needed)}</p>
      <regrant-reconnect
        api={api}
        consent="token"
        fetchSession={fetchSession}
        onstep-change={(event) => setSteps((before) => [...before, event.detail.step])}
        onattention-change={(event) => setNeeded(event.detail.actionRequired)}
      />
    </main>
  );
}
