/** The wall: an inline region with a heading where the article is cut. It moves no focus and traps none. */
import { cut, findGate } from './cut.js';
import { element } from './dom.js';
import css from './wall.css';

/**
 * With data-failure="hide", where nothing is known of the reader: no number and no promise. Message and button.
 * @type {Record<string, [string, string]>}
 */
const UNKNOWN = {
  ar: ['لا يمكن فتح هذا المقال الآن. يُرجى المحاولة بعد قليل.', 'إعادة المحاولة'],
  en: ['This article cannot be opened just now. Please try again in a moment.', 'Try again'],
  es: ['Este artículo no se puede abrir ahora. Inténtelo de nuevo en unos instantes.', 'Reintentar'],
  pt: ['Este artigo não pode ser aberto agora. Tente novamente em instantes.', 'Tentar novamente'],
};

const nothing = () => {};

/** Puts the article back. */
export let open = nothing;

/** Whether an article is cut. */
export const stands = () => open != nothing;

/** Cut although nobody knows whether this reader may read on. @param {() => void} onclick
 * @param {string | undefined} locale the publisher's @returns {HTMLElement} */
export const unknown = (onclick, locale) => {
  const asked = (locale || document.documentElement.lang).slice(0, 2);
  const lang = asked in UNKNOWN ? asked : 'en';
  const [message, textContent] = UNKNOWN[lang];
  const row = element('div', { className: 'actions' });
  row.append(element('button', { textContent, onclick }));
  return region({ message, lang, dir: lang == 'ar' ? 'rtl' : 'ltr' }, [row]);
};

/**
 * The first sentence is the heading.
 * @param {{ message: string, lang: string, dir: string, colors?: Prompt['colors'] }} prompt
 * @param {HTMLElement[]} rows @returns {HTMLElement}
 */
export const region = ({ message, lang, dir, colors }, rows) => {
  const [heading, ...rest] = sentences(message, lang);
  const textContent = rest.join('').trim();
  const section = element('section', { lang, dir });
  section.setAttribute('aria-labelledby', 'heading');
  if (colors) section.style = `--back:${colors.background};--fore:${colors.text}`;
  section.append(element('h2', { id: 'heading', textContent: heading.trim() }));
  if (textContent) section.append(element('p', { textContent }));
  section.append(...rows);
  return section;
};

/** @param {string} text @param {string} lang @returns {string[]} */
const sentences = (text, lang) => {
  try {
    return [...new Intl.Segmenter(lang, { granularity: 'sentence' }).segment(text.trim())].map(({ segment }) => segment);
  } catch {
    return [text];
  }
};

/** @param {HTMLElement} section @param {Settings} settings @returns {boolean} whether the page has a place for it */
export const place = (section, settings) => {
  open();
  const gate = findGate(settings.gate);
  if (!gate) {
    console.error('Readmeter: no element holds the text of the article (data-gate), so nothing can be cut.');
    return false;
  }
  const preview = Number(settings.preview ?? 2);
  const undo = cut(gate, preview >= 0 ? preview : 2, hosted(section, settings.nonce));
  open = () => {
    undo();
    open = nothing;
  };
  return true;
};

/**
 * A host whose open shadow root holds the wall. Browsers without constructed style sheets get an element with the nonce.
 * @param {HTMLElement} section @param {string | undefined} nonce the publisher's
 */
const hosted = (section, nonce) => {
  const host = element('readmeter-wall');
  const root = host.attachShadow({ mode: 'open' });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    /** @type {HTMLElement | null} */
    const own = document.querySelector('script[nonce]');
    root.append(element('style', { nonce: nonce || own?.nonce || '', textContent: css }));
  }
  root.append(section);
  return host;
};
