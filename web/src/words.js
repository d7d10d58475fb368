// The texts in the language of an element, with numbers and dates as people of that language write them.

import { LANGUAGES, TEXTS } from './texts.js';

export class Words {
  // The language of the texts, where it is not that of the page; else null.
  lang;
  #locale;
  #language;
  #own;
  #number;
  #date;

  constructor(locale, own) {
    this.#locale = locale;
    this.#language = Math.max(0, LANGUAGES.indexOf(locale.slice(0, 2)));
    // Texts of the page are in its own language.
    this.lang = own || locale.startsWith(LANGUAGES[this.#language]) ? null : LANGUAGES[this.#language];
    this.#own = own ?? {};
    this.#number = new Intl.NumberFormat(locale);
    this.#date = new Intl.DateTimeFormat(locale, {
      day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
    });
  }

  // The text of a code, with the names in braces filled in. A text with forms takes the one that fits `values.n`.
  text(code, values = {}) {
    const own = this.#own[code];
    let text = own ?? TEXTS[code]?.[this.#language] ?? code;
    if (typeof text === 'object') {
      const rules = new Intl.PluralRules(own ? this.#locale : LANGUAGES[this.#language]);
      text = text[rules.select(values.n)] ?? text.other;
    }
    return text.replace(/\{(\w+)\}/g, (_, name) => this.#show(values[name]));
  }

  has(code) {
    return code in this.#own || code in TEXTS;
  }

  // A moment in the time zone of the viewer, which is named.
  date(iso) {
    return this.#date.format(new Date(iso));
  }

  number(n) {
    return this.#number.format(n);
  }

  #show(value) {
    return typeof value === 'number' ? this.#number.format(value) : String(value ?? '');
  }
}

// The language of an element: its own, that of the page around it, that of the browser.
export function localeOf(element) {
  try {
    return Intl.getCanonicalLocales(element.closest('[lang]')?.lang || navigator.language)[0];
  } catch {
    return 'en';
  }
}
