/** What every page view loads: asks once what this reader may read here, and shows the bar. more.js does the rest. */
import { assets, settings, site } from './settings.js';
import { arrival, canonical, isArticle, names } from './page.js';
import { root } from './dom.js';
import { forget, memory } from './memory.js';
import { emit } from './emit.js';
import * as bar from './bar.js';

/** What the site's own code names for this page view; else the page describes itself. @type {Article | undefined} */
let given;
/** One for each display of the page. @type {string} */
let view;
/** Stands for what was asked last: only that goes out, and only its answer counts. @type {object} */
let asked;
/** One for all: imports of a module that is loading may continue in another order. @type {Promise<any> | undefined} */
let part;
/** The first article of this page: what the reader came with is for this one alone. @type {string} */
let first;

/**
 * What a bar is shown without, fetched beside the request.
 * @param {any[]} told as `more` takes it @returns what that answers: who reads, as the publisher's own address says
 */
const more = async (...told) => {
  const mine = asked;
  try {
    const loaded = await (part ||= import(assets + MORE));
    if (mine == asked) return loaded.more(readmeter, settings, memory, emit, ...told);
  } catch {
    // Blocked: the page stays as it is.
  }
};

/** One request without a preflight. Anything but a whole answer is a miss and leaves the page as it is. */
const ask = async () => {
  const mine = (asked = {});
  // A frame comes only where a person sees the page: neither to a hidden page nor to a prerendered one.
  while (document.hidden || document.readyState == 'loading') await new Promise(requestAnimationFrame);
  const { article, url = !given && canonical() } = given || settings;
  if (mine != asked || settings.consent || !(given || article || isArticle())) return;
  document.body.append(bar.host);
  const named = new URL(url || '', /** @type {any} */ (location));
  const address = location.origin + (named.origin == location.origin ? named : location).pathname;
  const key = article || address;
  const since = Date.now();
  const { dismissed, granted, wall, ...sent } = memory();
  const told = more(key, sent, since);
  const identity = settings.identity ?? (settings.identityUrl && (await told));
  if (mine != asked) return;
  try {
    const response = await fetch(settings.api + 'views', {
      method: 'POST',
      body: JSON.stringify({
        ...sent,
        ...((first ||= key) == key && arrival),
        // Longer, it would cost the view its answer; cut, it proves nothing.
        identity: identity?.slice(0, 4096) || undefined,
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
    if (mine != asked) return;
    const { prompt, remaining, reader, state } = answer;
    const isGranted = answer.access == 'granted';
    // A prompt without its sentence, or a count that is no whole number, is no answer.
    if (
      response.status != 200 ||
      (prompt ? !prompt.message.trim() || (isGranted && (remaining | 0) !== remaining) : !isGranted)
    )
      throw console.error('Readmeter:', answer.detail);
    memory({ reader, state });
    readmeter.decision = answer;
    emit('decision', answer);
    // The last article (0) shows its bar although it was closed.
    bar.hide();
    if (isGranted && prompt && (dismissed != remaining || !remaining)) bar.show(answer);
    more(key, sent, since, answer);
  } catch {
    if (mine != asked) return;
    emit('miss');
    more(key, sent, since, {});
  }
};

/** A display of the page: the first one, and each time that the back/forward cache restores it. */
const display = () => {
  readmeter.decision = null;
  view = crypto.randomUUID();
  bar.hide();
  return ask();
};

/** What the page's own code may use. @type {any} */
const readmeter = {
  on: (/** @type {string} */ name, /** @type {(detail: any) => void} */ f) =>
    addEventListener('readmeter:' + name, (event) => f(/** @type {CustomEvent} */ (event).detail)),
  refresh: ask,
  identify: (/** @type {string | null} */ identity) => {
    settings.identity = identity || '';
    return readmeter.refresh();
  },
  consent: (/** @type {boolean} */ is) => {
    const wasMissing = settings.consent;
    settings.consent = !is;
    if (is) wasMissing && ask();
    else {
      bar.host.remove();
      forget();
      display();
    }
  },
  view: (/** @type {Article | undefined} */ article) => {
    given = article;
    return display();
  },
};

// An element with that id is there by this name, too.
if (!self.readmeter?.view) {
  self.readmeter = readmeter;
  addEventListener('pageshow', (event) => event.persisted && display());
  readmeter.view();
  emit('ready');
}
