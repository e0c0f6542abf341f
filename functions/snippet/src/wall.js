/** The wall: an inline region with a heading where the article is cut. It moves no focus and traps none. */
import { isWithheld } from './body.js';
import { cut, findGate } from './cut.js';
import { element } from './dom.js';
import NO_ANSWER from './no-answer.json';
import css from './wall.css';

const nothing = () => {};

/** Puts the article back. */
export let open = nothing;

/** Whether an article is cut. */
export const stands = () => open != nothing;

/**
 * A wall that the snippet words by itself: no number and no promise.
 * @param {'message' | 'opening' | 'not_open'} sentence
 * @param {string | undefined} locale in which the reader is spoken to, else the page's
 * @param {() => void} [onclick] of a button to try again
 * @param {HTMLElement[]} [links] beside it @param {HTMLElement[]} [rows] below
 */
export const own = (sentence, locale, onclick, links = [], rows = []) => {
  const lang = spoken(locale || document.documentElement.lang);
  const { [sentence]: message, retry, dir } = NO_ANSWER[lang];
  const row = element('div', { className: 'actions' });
  row.append(element('button', { textContent: retry, onclick }), ...links);
  return region({ message, lang, dir }, onclick ? [row, ...rows] : rows);
};

/** The language of ours that `tag` is a variety of (`iw` is he, `zh-TW` zh-Hant), else English. @param {string} tag */
const spoken = (tag) => {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    const ours = [`${language}-${script}`, language].find((each) => each in NO_ANSWER);
    return /** @type {keyof typeof NO_ANSWER} */ (ours || 'en');
  } catch {
    return 'en'; // no language tag
  }
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
  const undo = cut(gate, preview >= 0 ? preview : 2, isWithheld(settings), hosted(section, settings.nonce));
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
