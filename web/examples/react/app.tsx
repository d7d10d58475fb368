// A page in React 19, for the server and the browser.
//
// What is no attribute is set in an effect: React does not set properties and listeners of a tag that it hydrates. A
// listener that comes late gets the last event of its name, so nothing is lost.

import { useEffect, useRef, useState } from 'react';
import type { FetchSession, RegrantEventMap, RegrantReconnect } from '@regrant/web';
import '@regrant/web/define.js';

export interface Settings {
  api: string;
}

const fetchSession: FetchSession = async (asked) => {
  const answer = await fetch('/session', { method: 'POST', body: JSON.stringify(asked) });
  return answer.json();
};

export function App({ api }: Settings) {
  const element = useRef<RegrantReconnect>(null);
  const [steps, setSteps] = useState<string[]>([]);
  const [needed, setNeeded] = useState<number | null>(null);

  useEffect(() => {
    const it = element.current;
    if (!it) return undefined;
    const noteStep = (event: RegrantEventMap['step-change']) => setSteps((before) => [...before, event.detail.step]);
    const noteNeed = (event: RegrantEventMap['attention-change']) => setNeeded(event.detail.actionRequired);
    it.addEventListener('step-change', noteStep);
    it.addEventListener('attention-change', noteNeed);
    it.fetchSession = fetchSession;
    return () => {
      it.removeEventListener('step-change', noteStep as EventListener);
      it.removeEventListener('attention-change', noteNeed as EventListener);
    };
  }, []);

  return (
    <main>
      <p id="steps">{steps.join(' ')}</p>
      <p id="needed">{needed === null ? 'unknown' : String(needed)}</p>
      <regrant-reconnect ref={element} api={api} consent="token" />
    </main>
  );
}
