/** What every page view loads: asks once what this reader may read here. What there is to show, bar.js and wall.js show. */
import { memory, random, storage } from './memory.js';
import { described, names } from './page.js';
import { api, assets, nonce, settings, site } from './settings.js';

/** After so many milliseconds without an answer the page stays as it is. */
const PATIENCE = 1500;

/** What the site's own code names for this page view; else the page describes itself. @type {Article | undefined} */
let given;
let view = '';
/** Only the answer of the last request counts. */
let turn = 0;
/** Whether a page view waits to be seen. */
let waiting = false;

/** @param {string} name @param {any} [detail] */
const emit = (name, detail) => document.dispatchEvent(new CustomEvent('readmeter:' + name, { bubbles: true, detail }));

/** @type {Partial<Record<keyof typeof PARTS, Promise<Part>>>} */
const loaded = {};

/** Loads a part when it is first needed; it runs only with the content that this file was built with. @param {keyof typeof PARTS} name */
const load = (name) =>
  (loaded[name] ||= new Promise((resolve) => {
    const [file, integrity] = PARTS[name];
    const url = assets + file;
    const onload = () => resolve(readmeter[name]({ emit, memory, refresh: ask }));
    const script = Object.assign(document.createElement('script'), { crossOrigin: '', integrity, nonce, onload });
    policy ||= window.trustedTypes?.createPolicy('readmeter', { createScriptURL: String });
    script.src = policy ? policy.createScriptURL(url) : url;
    document.body.append(script);
  }));

/** @type {any} */
let policy;

/** Takes away what a part shows. @param {keyof typeof PARTS} name */
const clear = (name) => loaded[name]?.then((part) => part());

/** Has a part show an answer, unless another one has come. @param {keyof typeof PARTS} name @param {Decision | null} answer @param {string} key */
const show = async (name, answer, key) => {
  const part = await load(name);
  if (readmeter.decision == answer) part(answer, key);
};

/** A prompt without its sentence or its numbers is no answer. @param {any} answer @returns {boolean} */
const isWhole = ({ access, limit, prompt, reason, remaining, used }) =>
  prompt
    ? /^(granted|denied)$/.test(access) &&
      prompt.message.trim() &&
      (reason == 'locked' || [limit, used, remaining].every(Number.isInteger))
    : access == 'granted';

/** Keeps what the next view needs and has the answer shown. @param {Decision} answer @param {string} key @param {boolean} late */
const take = (answer, key, late) => {
  const { access, prompt, reason, remaining } = answer;
  const { dismissed, granted = [] } = memory();
  const isGranted = access == 'granted';
  const isClosed = dismissed === remaining;
  const others = granted.filter((other) => other != key);
  memory({
    reader: answer.reader,
    state: answer.state,
    dismissed: isClosed && remaining,
    granted: isGranted ? [key, ...others].slice(0, 64) : others,
    // A reader who gets on has no wall to hold; a re-read says nothing about the next article.
    ...(isGranted && reason != 'repeat' && { wall: null }),
  });
  readmeter.decision = answer;
  if (isGranted) clear('wall');
  if (isGranted && prompt && (prompt.kind == 'last' || !isClosed)) show('bar', answer, key);
  else clear('bar');
  if (!isGranted && !late) show('wall', answer, key);
  emit('decision', answer);
};

/** One request without a preflight. Anything but a whole answer is a miss and leaves the page as it is. */
const ask = async () => {
  const mine = ++turn;
  const page = given || described();
  waiting = document.hidden || document.prerendering || document.readyState == 'loading';
  if (waiting || !page) return;
  const { reader, seed, state } = memory({ seed: memory().seed || random() });
  const url = new URL(page.url || '', location.href).href.split(/[?#]/)[0];
  const key = page.article || url;
  let late = false;
  const miss = () => {
    if (settings.failure == 'hide' || memory().wall) show('wall', null, key);
  };
  const timer = setTimeout(() => {
    late = true;
    if (mine == turn) miss();
  }, PATIENCE);
  try {
    const response = await fetch(api + 'views', {
      method: 'POST',
      body: JSON.stringify({
        site,
        article: page.article,
        url,
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
    if (response.status != 200) throw answer.detail && console.error('Readmeter: ' + answer.detail);
    if (mine != turn) return;
    if (!isWhole(answer)) throw 0;
    take(answer, key, late);
  } catch {
    if (mine == turn) {
      miss();
      emit('miss');
    }
  }
  clearTimeout(timer);
};

/** A display of the page: the first one, and each time that the back/forward cache restores it. */
const display = () => {
  readmeter.decision = null;
  view = random();
  return ask();
};

const resume = () => waiting && ask();

/** What the page's own code may use; the parts add themselves. @type {any} */
const readmeter = {
  decision: null,
  on: (/** @type {string} */ name, /** @type {(detail: any) => void} */ f) =>
    addEventListener('readmeter:' + name, (event) => f(/** @type {CustomEvent} */ (event).detail)),
  refresh: ask,
  view: (/** @type {Article | undefined} */ article) => {
    given = article;
    clear('bar');
    clear('wall');
    return display();
  },
};

if (!window.readmeter) {
  window.readmeter = readmeter;
  for (const change of ['readystatechange', 'visibilitychange', 'prerenderingchange'])
    document.addEventListener(change, resume);
  addEventListener('pageshow', (event) => event.persisted && display());
  display();
}
