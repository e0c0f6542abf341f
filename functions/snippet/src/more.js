/** What a reader's first bar does without: the wall, what holds on a miss, further links, reports. */
import * as css from './bar.css';
import { names, tell } from './layer.js';
import { isWeb, row } from './links.js';
import { tidied, untaken } from './reports.js';
import { open, place, region, stands, unknown } from './wall.js';

/** After so many milliseconds the reader has begun to read: no wall comes any more. Before, what was last known holds. */
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
/** When this page view was asked about. */
let since = 0;
let waiting = 0;

/**
 * Says for a page view what was sent, and then how it came out: the answer, or an empty one for a miss. Whichever comes
 * first may come late, for this part has to be loaded.
 * @param {any} main @param {Settings} set @param {(changes?: Partial<Memory>) => Memory} remember @param {Emit} send
 * @param {string} article names it @param {Partial<Memory>} carried @param {number} asked when, in milliseconds
 * @param {Decision} [answer]
 */
export const more = (main, set, remember, send, article, carried, asked, answer) => {
  if (!readmeter) {
    [readmeter, settings, memory, emit] = [main, set, remember, send];
    listen();
  }
  [key, sent, since] = [article, carried, asked];
  memory({ events: tidied(memory().events) });
  if (readmeter.decision) {
    late(readmeter.decision);
    show(answer);
  } else if (answer) miss();
  else {
    clearTimeout(waiting);
    if (isInTime()) waiting = window.setTimeout(hold, since + PATIENCE - Date.now());
  }
};

const isInTime = () => Date.now() - since < PATIENCE;

const listen = () => {
  const { view, consent } = readmeter;
  readmeter.view = (/** @type {Article | undefined} */ article) => {
    leave();
    return view(article);
  };
  readmeter.consent = (/** @type {boolean} */ given) => {
    if (!given) leave();
    return consent(given);
  };
  readmeter.on('decision', settle);
  addEventListener('resize', clear);
  for (const name of ['shown', 'dismissed', 'clicked'])
    readmeter.on(name, (/** @type {Prompt | Link} */ detail) => note(names(detail)[name]));
};

/** This article is no more. */
const leave = () => {
  clearTimeout(waiting);
  open();
};

/** The service is told with the next view, the tag manager at once. @param {string} kind of what happened */
const note = (kind) => {
  memory({ events: tidied([...(memory().events || []), { kind, article: key, at: Date.now() }]) });
  tell(kind, key, readmeter.decision);
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
  const { dismissed, events, granted = [], wall } = memory();
  const isGranted = access == 'granted';
  if (isGranted) open();
  memory({
    events: untaken(events, sent.events),
    // Where nothing is metered there is no number that could have changed.
    dismissed: remaining == null || dismissed === remaining ? dismissed : null,
    granted: isGranted ? [key, ...granted.filter((other) => other != key)].slice(0, OPENED) : granted,
    wall: isGranted && reason != 'repeat' ? null : wall,
  });
  tell(names().decision, key, answer);
};

/** An answer, and perhaps its bar, may be there before this part is. @param {Decision} answer */
const late = (answer) => {
  if (answer == settled) return;
  settle(answer);
  if (bar()?.style.length) note(names().shown);
};

const bar = () => document.querySelector('readmeter-bar')?.shadowRoot?.querySelector('section');

/** @param {Decision} [answer] */
const show = (answer) => {
  if (!answer?.prompt || answer != readmeter.decision) return;
  const { access, prompt, reason, remaining, resets_at } = answer;
  if (access == 'granted') return showLinks(prompt);
  if (access != 'denied' || (reason != 'locked' && !Number.isInteger(remaining)) || !isInTime()) return;
  const until = Math.min(Date.now() + HOLDS, Date.parse(resets_at || '') || Infinity);
  const granted = (memory().granted || []).filter((other) => other != key);
  memory({ granted, wall: { prompt, until, only: reason == 'locked' ? key : null } });
  shut(prompt);
};

/** @param {Prompt} prompt */
const shut = (prompt) => {
  if (isWeb(prompt.redirect_url)) return location.replace(/** @type {string} */ (prompt.redirect_url));
  const rows = [...row(prompt.actions, 'actions', emit), ...row(prompt.links, 'links', emit)];
  if (place(region(prompt, rows), settings)) emit('shown', prompt);
};

/** No usable answer came: reported where the article stays open. */
const miss = () => {
  if (isInTime()) hold();
  if (!stands()) note(names().miss);
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
