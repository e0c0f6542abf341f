/** What few page views need: the wall, what holds when no answer comes, and the bar's further links. */
import * as css from './bar.css';
import { isWeb, row } from './links.js';
import { settings } from './settings.js';
import { open, place, region, unknown } from './wall.js';

/** After so many milliseconds without an answer, what was last known holds. */
const PATIENCE = 1500;
/** How long a wall holds, in milliseconds, when the service does not answer. */
const HOLDS = 10 * 60 * 1000;

/** The main part's. @type {any} */
let readmeter;
/** @type {(changes?: Partial<Memory>) => Memory} */
let memory;
/** @type {Emit} */
let emit;
/** Names the article of this page view. */
let key = '';
let waiting = 0;

/**
 * An answer that came in time, with more to show than the bar; none: one is waited for.
 * @param {any} main @param {(changes?: Partial<Memory>) => Memory} remember @param {Emit} tell
 * @param {string} article names it @param {Decision} [answer]
 */
export const more = (main, remember, tell, article, answer) => {
  if (!readmeter) {
    [readmeter, memory, emit] = [main, remember, tell];
    listen();
  }
  key = article;
  if (readmeter.decision) show(answer);
  else waiting = window.setTimeout(hold, PATIENCE);
};

const listen = () => {
  const { view } = readmeter;
  readmeter.view = (/** @type {Article | undefined} */ article) => {
    clearTimeout(waiting);
    open();
    return view(article);
  };
  readmeter.on('miss', hold);
  readmeter.on('decision', settle);
  if (readmeter.decision) settle(readmeter.decision);
};

/**
 * An answer ends the waiting. A reader who gets on has no wall to hold; a re-read says nothing about the next article.
 * @param {Decision} answer
 */
const settle = ({ access, reason }) => {
  clearTimeout(waiting);
  if (access != 'granted') return;
  open();
  if (reason != 'repeat') memory({ wall: null });
};

/** @param {Decision} [answer] */
const show = (answer) => {
  if (!answer?.prompt || answer != readmeter.decision) return;
  const { access, prompt, reason, remaining, resets_at } = answer;
  if (access == 'granted') return showLinks(prompt);
  if (access != 'denied' || (reason != 'locked' && !Number.isInteger(remaining))) return;
  const until = Math.min(Date.now() + HOLDS, Date.parse(resets_at || '') || Infinity);
  const granted = memory().granted?.filter((other) => other != key);
  memory({ granted, wall: { prompt, until, only: reason == 'locked' ? key : null } });
  shut(prompt);
};

/** @param {Prompt} prompt */
const shut = (prompt) => {
  if (isWeb(prompt.redirect_url)) return location.replace(/** @type {string} */ (prompt.redirect_url));
  const rows = [...row(prompt.actions, 'actions', emit), ...row(prompt.links, 'links', emit)];
  if (place(region(prompt, rows))) emit('shown', prompt);
};

/** The last wall holds, on the article that it was for and on any that this reader has not opened. */
const hold = () => {
  clearTimeout(waiting);
  if (readmeter.decision) return;
  const { granted = [], wall } = memory();
  const holds = wall && wall.until > Date.now() && (wall.only ? wall.only == key : !granted.includes(key));
  if (holds && settings.failure != 'show') shut(wall.prompt);
  else if (settings.failure == 'hide') place(unknown(readmeter.refresh));
};

/** Under the bar's line, where there is a bar. @param {Prompt} prompt */
const showLinks = (prompt) => {
  const bar = document.querySelector('readmeter-bar')?.shadowRoot?.querySelector('section');
  if (!bar?.style.length) return;
  bar.append(...row(prompt.links, 'links', emit, css.target));
  const { style } = document.documentElement;
  style.paddingBottom = style.scrollPaddingBottom = bar.offsetHeight + 'px';
};
