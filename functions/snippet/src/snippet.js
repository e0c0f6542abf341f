/** What every page view loads: asks once what this reader may read here, and shows the bar. more.js shows the rest. */
import { api, assets, settings, site } from './settings.js';
import { canonical, isArticle, names } from './page.js';
import { memory } from './memory.js';
import { emit } from './emit.js';
import * as bar from './bar.js';

/** After so many milliseconds a denial is too late: the reader has begun to read. */
const PATIENCE = 1500;

/** What the site's own code names for this page view; else the page describes itself. @type {Article | undefined} */
let given;
/** One for each display of the page; only its answers count. @type {string} */
let view;
/** Whether a page view waits to be seen. @type {boolean} */
let waiting;

/**
 * Has more.js show what is rare: the answer that came in time, or what holds if none comes.
 * @param {string} key @param {Decision} [answer]
 */
const more = async (key, answer) => {
  try {
    (await import(assets + MORE)).more(readmeter, memory, emit, key, answer);
  } catch {
    // Blocked: the page stays as it is.
  }
};

/** One request without a preflight. Anything but a whole answer is a miss and leaves the page as it is. */
const ask = async () => {
  const mine = view;
  waiting = document.hidden || document.readyState == 'loading';
  const { article, url = !given && canonical() } = given || settings;
  if (waiting || !(given || article || isArticle())) return;
  document.body.append(bar.host);
  const { origin, pathname } = new URL(url || '', location.href);
  const address = location.origin + (origin == location.origin ? pathname : location.pathname);
  const key = article || address;
  const since = Date.now();
  const { dismissed, granted = [], reader, seed, state, storage, wall } = memory();
  if (wall || settings.failure == 'hide') more(key);
  try {
    const response = await fetch(api + 'views', {
      method: 'POST',
      body: JSON.stringify({
        site,
        article,
        url: address,
        view,
        reader,
        seed,
        state,
        storage,
        sections: names(settings.sections, 'article:section', 'articleSection'),
        tags: names(settings.tags, 'article:tag', 'keywords'),
        locale: settings.locale || document.documentElement.lang,
      }),
    });
    const answer = await response.json();
    if (mine != view) return;
    const { prompt, remaining } = answer;
    const isGranted = answer.access == 'granted';
    // A prompt without its sentence, or a count that is no whole number, is no answer.
    if (
      response.status != 200 ||
      (prompt ? !prompt.message.trim() || (isGranted && (remaining | 0) !== remaining) : !isGranted)
    )
      throw answer.detail && console.error('Readmeter:', answer.detail);
    // The last article (0) shows its bar although it was closed.
    const closed = dismissed == remaining && remaining;
    memory({
      dismissed: closed,
      reader: answer.reader,
      state: answer.state,
      granted: isGranted ? [...new Set([key, ...granted])].slice(0, 64) : granted,
    });
    readmeter.decision = answer;
    emit('decision', answer);
    if (isGranted && prompt && !closed) bar.show(answer);
    else bar.hide();
    if (isGranted ? prompt?.links[0] : Date.now() - since < PATIENCE) more(key, answer);
  } catch {
    if (mine == view) emit('miss');
  }
};

/** A display of the page: the first one, and each time that the back/forward cache restores it. */
const display = () => {
  readmeter.decision = null;
  view = crypto.randomUUID();
  return ask();
};

const resume = () => waiting && ask();

/** What the page's own code may use. @type {any} */
const readmeter = {
  on: (/** @type {string} */ name, /** @type {(detail: any) => void} */ f) =>
    addEventListener('readmeter:' + name, (event) => f(/** @type {CustomEvent} */ (event).detail)),
  refresh: ask,
  view: (/** @type {Article | undefined} */ article) => {
    given = article;
    bar.hide();
    return display();
  },
};

if (!self.readmeter) {
  self.readmeter = readmeter;
  addEventListener('DOMContentLoaded', resume);
  addEventListener('visibilitychange', resume);
  addEventListener('pageshow', (event) => event.persisted && display());
  addEventListener('beforeprint', bar.hide);
  display();
}
