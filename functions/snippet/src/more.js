/** What a reader's first bar does without: the wall, what holds on a miss, ways back in, further links, gifts, reports. */
import * as css from './bar.css';
import { ask, isWithheld, put } from './body.js';
import { give } from './gift.js';
import { identityInTime } from './identity.js';
import { names, tell } from './layer.js';
import { anchors, isWeb, row } from './links.js';
import { tidied, untaken } from './reports.js';
import { arrived, isBack, keepAsking, onReturn } from './return.js';
import { open, own, place, region, stands } from './wall.js';

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
/** The prompt that stands as a wall. */
let standing = '';
/** Of a display that a checkout led to: whether the payment is still waited for. @type {{ isAwaited: boolean } | undefined} */
let checkout;

/**
 * Says for a page view what was sent, and then how it came out: the answer, or an empty one for a miss. Whichever comes
 * first may come late, for this part has to be loaded. Answers who reads, where an address of the publisher's says so.
 * @param {any} main @param {Settings} set @param {(changes?: Partial<Memory>) => Memory} remember @param {Emit} send
 * @param {string} article names it @param {Partial<Memory>} carried @param {number} asked when, in milliseconds
 * @param {Decision} [answer]
 */
export const more = (main, set, remember, send, article, carried, asked, answer) => {
  [key, sent, since] = [article, carried, asked];
  if (!readmeter) {
    [readmeter, settings, memory, emit] = [main, set, remember, send];
    listen();
  }
  memory({ events: tidied(memory().events) });
  if (readmeter.decision) {
    late(readmeter.decision);
    show(answer);
  } else if (answer) miss();
  else {
    clearTimeout(waiting);
    if (mayShut()) waiting = window.setTimeout(hold, since + PATIENCE - Date.now());
  }
  if (!answer && settings.identityUrl) return identityInTime(settings, since);
};

const isInTime = () => Date.now() - since < PATIENCE;

const listen = () => {
  const { view, consent, refresh } = readmeter;
  readmeter.view = (/** @type {Article | undefined} */ article) => {
    leave();
    // Whoever brings another article brings its text.
    if (article) settings.body = undefined;
    return view(article);
  };
  readmeter.consent = (/** @type {boolean} */ given) => {
    if (!given) leave();
    return consent(given);
  };
  readmeter.refresh = () => {
    drop();
    return refresh();
  };
  readmeter.gift = (/** @type {Article} */ { article, url } = {}) => {
    const address = new URL(url || '', location.href);
    address.hash = '';
    const bare = address.origin + address.pathname;
    const named = article || (url ? bare : key);
    // An article with an id may be at an address that is nothing without its query.
    return give(settings, named, named == bare ? bare : address.href);
  };
  readmeter.on('decision', settle);
  readmeter.on('clicked', drop);
  addEventListener('resize', clear);
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  for (const name of ['shown', 'dismissed', 'clicked'])
    readmeter.on(name, (/** @type {Prompt | Link} */ detail) => note(names(detail)[name]));
  onReturn(lift, () => since);
  emit('loaded');
};

/** Who has paid or signed in is not to be told what was true before: the next question goes past what was kept. */
const drop = () => {
  if (!settings.consent) memory({ state: null, wall: null });
};

/** A wall may have been lifted meanwhile, or its reader let in elsewhere. */
const lift = () => {
  if (stands() && !checkout?.isAwaited) readmeter.refresh();
};

/** This article is no more. */
const leave = () => {
  clearTimeout(waiting);
  checkout = undefined;
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
  if (isGranted) {
    leave();
    arrived();
    bring(answer);
  }
  memory({
    events: untaken(events, sent.events),
    // Where nothing is metered there is no number that could have changed.
    dismissed: remaining == null || dismissed === remaining ? dismissed : null,
    granted: isGranted ? [key, ...granted.filter((other) => other != key)].slice(0, OPENED) : granted,
    wall: isGranted && reason != 'repeat' ? null : wall,
  });
  if (!isGranted && isBack()) drop();
  tell(names().decision, key, answer);
};

/** What the publisher withholds comes for the grant. Where it does not, the reader is told. @param {Decision} answer */
const bring = async (answer) => {
  if (!isWithheld(settings)) return;
  const text = await ask(/** @type {string} */ (settings.body), answer.grant);
  if (answer != readmeter.decision || !isWithheld(settings)) return;
  if (put(text, settings)) emit('body');
  else say('message', readmeter.refresh);
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
  if (access != 'denied' || (reason != 'locked' && !Number.isInteger(remaining)) || !mayShut()) return;
  if (isBack()) return checkout || thank();
  const until = Math.min(Date.now() + HOLDS, Date.parse(resets_at || '') || Infinity);
  const granted = (memory().granted || []).filter((other) => other != key);
  memory({ granted, wall: { prompt, until, only: reason == 'locked' ? key : null } });
  shut(prompt);
};

/** A wall takes away what is being read, unless the page has the beginning only. */
const mayShut = () => isInTime() || isWithheld(settings);

/** @param {Prompt} prompt */
const shut = (prompt) => {
  if (isWeb(prompt.redirect_url)) return location.replace(/** @type {string} */ (prompt.redirect_url));
  const told = JSON.stringify(prompt);
  if (stands() && told == standing) return;
  const rows = [...row(prompt.actions, 'actions', emit), ...row(prompt.links, 'links', emit)];
  if (!place(region(prompt, rows), settings)) return;
  standing = told;
  emit('shown', prompt);
};

/** Instead of the wall, to a reader who comes from a checkout: the payment may arrive after them. */
const thank = async () => {
  /** @type {{ isAwaited: boolean }} */
  const mine = (checkout = { isAwaited: true });
  say('opening');
  await keepAsking(readmeter.refresh, () => mine == checkout && stands());
  if (mine != checkout) return;
  mine.isAwaited = false;
  const { actions, links } = readmeter.decision.prompt;
  const others = actions.filter((/** @type {Link} */ { kind }) => kind != 'help');
  const help = actions.filter((/** @type {Link} */ { kind }) => kind == 'help');
  const again = () => {
    readmeter.refresh();
    thank();
  };
  say('not_open', again, anchors(help, emit), [...row(others, 'links', emit), ...row(links, 'links', emit)]);
};

/** @param {'message' | 'opening' | 'not_open'} sentence @param {any[]} more as `own` takes it */
const say = (sentence, ...more) => {
  standing = '';
  place(own(sentence, readmeter.decision?.prompt?.lang || settings.locale, ...more), settings);
};

/** No usable answer came: reported where the article stays open. */
const miss = () => {
  if (mayShut()) hold();
  if (!stands()) note(names().miss);
};

/** The last wall holds, on the article that it was for and on any that this reader has not opened. */
const hold = () => {
  clearTimeout(waiting);
  if (readmeter.decision || stands()) return;
  const { granted = [], wall } = memory();
  const holds = wall && wall.until > Date.now() && (wall.only ? wall.only == key : !granted.includes(key));
  if (holds && settings.failure != 'show') shut(wall.prompt);
  else if (settings.failure == 'hide' || isWithheld(settings)) say('message', readmeter.refresh);
};

/** Under the bar's line, where there is a bar. @param {Prompt} prompt */
const showLinks = (prompt) => {
  const section = bar();
  if (!section?.style.length) return;
  section.append(...row(prompt.links, 'links', emit, css.target));
  clear();
};

/** What covers the page is not printed. @param {boolean} isPrinted */
const print = (isPrinted) => {
  document.querySelector('readmeter-bar')?.toggleAttribute('hidden', isPrinted);
  clear();
};

/** Turned or zoomed, the bar may cover more: the page can still be scrolled clear of it. */
const clear = () => {
  const section = bar();
  const { style } = document.documentElement;
  if (section?.style.length) style.paddingBottom = style.scrollPaddingBottom = section.offsetHeight + 'px';
};
