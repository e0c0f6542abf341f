/** What a reader's first bar does without: the wall, what holds on a miss, further links, reports, consent. */
import * as css from './bar.css';
import { forget } from './forget.js';
import { tell } from './layer.js';
import { isWeb, row } from './links.js';
import { missed, tidied, untaken } from './reports.js';
import { open, place, region, stands, unknown } from './wall.js';

/** After so many milliseconds without an answer, what was last known holds. */
const PATIENCE = 1500;
/** How long a wall holds, in milliseconds, when the service does not answer. */
const HOLDS = 10 * 60 * 1000;
/** So many opened articles are remembered. */
const OPENED = 64;

/** The main part's. @type {any} */
let readmeter;
/** @type {Settings} */
let settings;
/** @type {(changes?: Partial<Memory>) => Memory} */
let memory;
/** @type {Emit} */
let emit;
/** Names the article of this page view. */
let key = '';
/** What was sent of memory for this page view. @type {Partial<Memory>} */
let sent = {};
/** The last answer that was dealt with. @type {Decision | undefined} */
let settled;
let waiting = 0;

/**
 * Says for a page view what was sent, and then how it came out: the answer, or an empty one for a miss. Or instead of
 * an article, whether the reader's consent is missing from now on.
 * @param {any} main @param {Settings} set @param {(changes?: Partial<Memory>) => Memory} remember @param {Emit} send
 * @param {string | boolean} article names it @param {Partial<Memory>} [asked] @param {Decision} [answer]
 */
export const more = (main, set, remember, send, article, asked = {}, answer) => {
  if (!readmeter) {
    [readmeter, settings, memory, emit] = [main, set, remember, send];
    listen();
  }
  if (typeof article == 'boolean') return article ? withdraw() : begin();
  [key, sent] = [article, asked];
  memory({ events: tidied(memory().events) });
  if (readmeter.decision) {
    late(readmeter.decision);
    show(answer);
  } else if (answer) miss();
  else waiting = window.setTimeout(hold, PATIENCE);
};

const listen = () => {
  const { view } = readmeter;
  readmeter.view = (/** @type {Article | undefined} */ article) => {
    clearTimeout(waiting);
    open();
    return view(article);
  };
  readmeter.on('decision', settle);
  addEventListener('resize', clear);
  for (const name of ['shown', 'dismissed', 'clicked'])
    readmeter.on(name, (/** @type {Prompt | Link} */ detail) => tell(name, detail, key, readmeter.decision));
};

/** The reader agreed: a page view that was kept waiting goes on. */
const begin = () => document.querySelector('readmeter-bar') || readmeter.refresh();

/** The reader does not agree: what is stored and shown goes. */
const withdraw = () => {
  readmeter.view();
  document.querySelector('readmeter-bar')?.remove();
  forget(memory, settings.site);
};

/**
 * An answer ends the waiting and took what was reported. A reader who gets on has no wall to hold; a re-read says
 * nothing about the next article.
 * @param {Decision} answer
 */
const settle = (answer) => {
  settled = answer;
  clearTimeout(waiting);
  const { access, reason, remaining } = answer;
  const { dismissed, events } = memory();
  memory({ events: untaken(events, sent.events), dismissed: dismissed === remaining ? remaining : null });
  tell('decision', undefined, key, answer);
  if (access != 'granted') return;
  open();
  memory({ granted: [key, ...opened().filter((other) => other != key)].slice(0, OPENED) });
  if (reason != 'repeat') memory({ wall: null });
};

/** An answer, and perhaps its bar, may be there before this part is. @param {Decision} answer */
const late = (answer) => {
  if (answer == settled) return;
  settle(answer);
  if (bar()?.style.length) tell('shown', answer.prompt, key, answer);
};

/** The articles that this browser opened: the first one may have been shown before this part was ever loaded. */
const opened = () => memory().granted || (sent.events || []).map(({ article }) => article);

const bar = () => document.querySelector('readmeter-bar')?.shadowRoot?.querySelector('section');

/** @param {Decision} [answer] */
const show = (answer) => {
  if (!answer?.prompt || answer != readmeter.decision) return;
  const { access, prompt, reason, remaining, resets_at } = answer;
  if (access == 'granted') return showLinks(prompt);
  if (access != 'denied' || (reason != 'locked' && !Number.isInteger(remaining))) return;
  const until = Math.min(Date.now() + HOLDS, Date.parse(resets_at || '') || Infinity);
  const granted = opened().filter((other) => other != key);
  memory({ granted, wall: { prompt, until, only: reason == 'locked' ? key : null } });
  shut(prompt);
};

/** @param {Prompt} prompt */
const shut = (prompt) => {
  if (isWeb(prompt.redirect_url)) return location.replace(/** @type {string} */ (prompt.redirect_url));
  const rows = [...row(prompt.actions, 'actions', emit), ...row(prompt.links, 'links', emit)];
  if (place(region(prompt, rows), settings)) emit('shown', prompt, 'prompt');
};

/** No usable answer came: reported where the article stays open. */
const miss = () => {
  hold();
  if (stands()) return;
  memory({ events: tidied([...(memory().events || []), missed(key)]) });
  tell('miss', undefined, key, null);
};

/** The last wall holds, on the article that it was for and on any that this reader has not opened. */
const hold = () => {
  clearTimeout(waiting);
  if (readmeter.decision || stands()) return;
  const { granted = [], wall } = memory();
  const holds = wall && wall.until > Date.now() && (wall.only ? wall.only == key : !granted.includes(key));
  if (holds && settings.failure != 'show') shut(wall.prompt);
  else if (settings.failure == 'hide') place(unknown(readmeter.refresh, settings.locale), settings);
};

/** Under the bar's line, where there is a bar. @param {Prompt} prompt */
const showLinks = (prompt) => {
  const section = bar();
  if (!section?.style.length) return;
  section.append(...row(prompt.links, 'links', emit, css.target));
  clear();
};

/** Turned or zoomed, the bar may cover more: the page can still be scrolled clear of it. */
const clear = () => {
  const section = bar();
  const { style } = document.documentElement;
  if (section?.style.length) style.paddingBottom = style.scrollPaddingBottom = section.offsetHeight + 'px';
};
