/** The wall: an inline region with a heading where the article is cut. It moves no focus and traps none. */
import { cut, findGate } from './cut.js';
import { dress, element, isWeb, links, shadowed } from './dom.js';
import { settings } from './settings.js';
import css from './wall.css';

/** How long a wall holds, in milliseconds, when the service does not answer. */
const HOLDS = 10 * 60 * 1000;

/** With data-failure="hide", where nothing is known of the reader: no number and no promise. Message and button. */
/** @type {Record<string, [string, string]>} */
const UNKNOWN = {
  ar: ['لا يمكن فتح هذا المقال الآن. يُرجى المحاولة بعد قليل.', 'إعادة المحاولة'],
  en: ['This article cannot be opened just now. Please try again in a moment.', 'Try again'],
  es: ['Este artículo no se puede abrir ahora. Inténtelo de nuevo en unos instantes.', 'Reintentar'],
  pt: ['Este artigo não pode ser aberto agora. Tente novamente em instantes.', 'Tentar novamente'],
};

/** Puts the article back. */
let open = () => {};

/** @param {Main} main @returns {Part} */
window.readmeter.wall = ({ emit, memory, refresh }) => {
  /** @param {Prompt} prompt */
  const shut = (prompt) => {
    if (isWeb(prompt.redirect_url)) return location.replace(/** @type {string} */ (prompt.redirect_url));
    const section = region(prompt.message, prompt.lang, links(prompt, emit));
    dress(section, prompt);
    if (place(section)) emit('shown', prompt);
  };

  /** No answer: the last wall holds, on the article that it was for and on any that this reader has not opened. @param {string} key */
  const miss = (key) => {
    const { granted = [], wall } = memory();
    const holds = wall && wall.until > Date.now() && (wall.only ? wall.only == key : !granted.includes(key));
    if (holds && settings.failure != 'show') shut(wall.prompt);
    else if (settings.failure == 'hide') place(unknown(refresh));
  };

  return (answer, key = '') => {
    if (answer === null) return miss(key);
    if (!answer?.prompt) {
      open();
      return;
    }
    const { prompt, reason, resets_at } = answer;
    const until = Math.min(Date.now() + HOLDS, Date.parse(resets_at || '') || Infinity);
    memory({ wall: { prompt, until, only: reason == 'locked' ? key : null } });
    shut(prompt);
  };
};

/** Cut although nobody knows whether this reader may read on. @param {() => void} retry @returns {HTMLElement} */
const unknown = (retry) => {
  const asked = (settings.locale || document.documentElement.lang).slice(0, 2);
  const lang = asked in UNKNOWN ? asked : 'en';
  const [message, label] = UNKNOWN[lang];
  const button = element('button', { type: 'button' }, label);
  button.onclick = retry;
  const section = region(message, lang, [element('div', { class: 'actions' }, button)]);
  section.lang = lang;
  section.dir = lang == 'ar' ? 'rtl' : 'ltr';
  return section;
};

/** The first sentence is the heading. @param {string} message @param {string} lang @param {HTMLElement[]} rows @returns {HTMLElement} */
const region = (message, lang, rows) => {
  const [heading, ...rest] = sentences(message, lang);
  const text = rest.join('').trim();
  return element(
    'section',
    { 'aria-labelledby': 'heading' },
    element('h2', { id: 'heading' }, heading.trim()),
    ...(text ? [element('p', {}, text)] : []),
    ...rows,
  );
};

/** @param {string} text @param {string} lang @returns {string[]} */
const sentences = (text, lang) => {
  try {
    return [...new Intl.Segmenter(lang, { granularity: 'sentence' }).segment(text.trim())].map(({ segment }) => segment);
  } catch {
    return [text];
  }
};

/** @param {HTMLElement} section @returns {boolean} whether the page has a place for it */
const place = (section) => {
  open();
  const gate = findGate(settings.gate);
  if (!gate) {
    console.error('Readmeter: no element holds the text of the article (data-gate), so nothing can be cut.');
    return false;
  }
  const preview = Number(settings.preview ?? 2);
  const undo = cut(gate, preview >= 0 ? preview : 2, shadowed('readmeter-wall', css, section));
  open = () => {
    undo();
    open = () => {};
  };
  return true;
};
