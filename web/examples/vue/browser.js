// A page in Vue 3: the template is compiled in the browser, so that the example needs no build of its own.

import { createApp, ref } from 'vue/dist/vue.esm-bundler.js';
import '@regrant/web/define.js';

const root = document.querySelector('#root');

const app = createApp({
  setup() {
    const steps = ref([]);
    const fetchSession = async (asked) => {
      const answer = await fetch('/session', { method: 'POST', body: JSON.stringify(asked) });
      return answer.json();
    };
    return { api: root.dataset.api, steps, fetchSession, note: (event) => steps.value.push(event.detail.step) };
  },
  template: `
    <main>
      <p id="steps">{{ steps.join(' ') }}</p>
      <regrant-reconnect consent="token" :api="api" :fetchSession.prop="fetchSession" @step-change="note" />
    </main>`,
});
app.config.compilerOptions.isCustomElement = (tag) => tag.startsWith('regrant-');
app.mount(root);
