/** What every page view loads: asks once what this reader may read here, and shows the bar. more.js does the rest. */
import { api, assets, settings, site } from './settings.js';
import { canonical, isArticle, names } from './page.js';
import { root } from './dom.js';
import { memory } from './memory.js';
import { about, emit } from './emit.js';
import * as bar from './bar.js';

/** After so many milliseconds a denial is too late: the reader has begun to read. */
const PATIENCE = 1500;

/** What the site's own code names for this page view; else the page describes itself. @type {Article | undefined} */
let given;
/** One for each display of the page; only its answers count. @type {string} */
let view;

/** What is not needed for a reader's first bar. @param {any[]} told as `more` takes it */
const more = async (...told) => {
  try {
    (await import(assets + MORE)).more(readmeter, settings, memory, emit, ...told);
  } catch {
    // Blocked: the page stays as it is.
  }
};

/** One request without a preflight. Anything but a whole answer is a miss and leaves the page as it is. */
const ask = async () => {
  const mine = view;
  // A frame comes only where a person sees the page: neither to a hidden page nor to a prerendered one.
  while (document.hidden || document.readyState == 'loading') await new Promise(requestAnimationFrame);
  const { article, url = !given && canonical() } = given || settings;
  if (mine != view || settings.consent || !(given || article || isArticle())) return;
  document.body.append(bar.host);
  const named = new URL(url || '', location.href);
  const address = location.origin + (named.origin == location.origin ? named : location).pathname;
  const key = article || address;
  about(key);
  const since = Date.now();
  const { dismissed, granted, wall, ...sent } = memory();
  // A newcomer's first bar needs nothing more.
  if (sent.reader || self.dataLayer || settings.failure) more(key, sent);
  try {
    const response = await fetch(api + 'views', {
      method: 'POST',
      body: JSON.stringify({
        ...sent,
        site,
        article,
        url: address,
        view,
        sections: names('section', 'articleSection'),
        tags: names('tag', 'keywords'),
        locale: settings.locale || root.lang,
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
      throw console.error('Readmeter:', answer.detail);
    memory({ reader: answer.reader, state: answer.state });
    readmeter.decision = answer;
    emit('decision', answer);
    // The last article (0) shows its bar although it was closed.
    bar.hide();
    if (isGranted && prompt && (dismissed != remaining || !remaining)) bar.show(answer);
    if (isGranted ? prompt?.links[0] : Date.now() - since < PATIENCE) more(key, sent, answer);
  } catch {
    if (mine == view) {
      emit('miss');
      more(key, sent, {});
    }
  }
};

/** A display of the page: the first one, and each time that the back/forward cache restores it. */
const display = () => {
  readmeter.decision = null;
  view = crypto.randomUUID();
  return ask();
};

/** What the page's own code may use. @type {any} */
const readmeter = {
  on: (/** @type {string} */ name, /** @type {(detail: any) => void} */ f) =>
    addEventListener('readmeter:' + name, (event) => f(/** @type {CustomEvent} */ (event).detail)),
  refresh: ask,
  consent: (/** @type {boolean} */ is) => more((settings.consent = !is)),
  view: (/** @type {Article | undefined} */ article) => {
    given = article;
    bar.hide();
    return display();
  },
};

if (!self.readmeter) {
  self.readmeter = readmeter;
  addEventListener('pageshow', (event) => event.persisted && display());
  addEventListener('beforeprint', bar.hide);
  readmeter.view();
  emit('ready');
}
