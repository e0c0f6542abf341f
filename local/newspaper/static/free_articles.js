// "Your free articles": asks the meter what counted, names it by this browser's own titles, and has it erased.
import { retain } from './titles.js';

const PATIENCE = 10_000; // milliseconds
const page = document.querySelector('.free-articles');
const part = (name) => page.querySelector(`[data-part=${name}]`);
const { dataset, src } = document.querySelector('script[data-site]');
const api = new URL(dataset.api ?? new URL(src).origin, location);
const address = `${api.href.replace(/\/$/, '')}/v1/reader?site=${dataset.site}`;
const entry = `readmeter:${dataset.site}`; // what the snippet keeps: docs/reference/snippet.md
// Of that, what was read. Token and seed stay: without them this would be a new reader. Emptied and not left out, so that
// a snippet that runs in another tab does not put back what it still holds.
const EMPTIED = { state: null, granted: [], wall: null, events: [] };

const language = `${document.documentElement.lang}-u-nu-latn`; // the paper writes 1, 2, 3 in every edition
const number = new Intl.NumberFormat(language);
const plural = new Intl.PluralRules(language);
// An answer's date is the one of the site's own zone, whatever the reader's is.
const date = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: 'UTC' });

const remembered = () => {
  const text = localStorage[entry];
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {}; // Nothing yet, or damaged.
  }
};

/** Who is signed in, as the page says it to the snippet: in itself or at an address. */
const identity = async () => {
  if (!dataset.identityUrl) return dataset.identity;
  return (await (await fetch(dataset.identityUrl)).json()).identity;
};

const call = (method, reader) =>
  fetch(address, {
    method,
    headers: reader ? { authorization: `Bearer ${reader}` } : {},
    signal: AbortSignal.timeout(PATIENCE),
  });

/** Shows this message and no other (without a name: none), and the figures beside it or not. */
const say = (message, known = false) => {
  for (const each of page.querySelectorAll('[data-message]')) each.hidden = each.dataset.message !== message;
  part('known').hidden = !known;
};

const fill = ({ articles, limit, remaining, resets_at, used }) => {
  const named = retain(articles);
  for (const [name, value] of Object.entries({ used, remaining, limit }))
    for (const each of page.querySelectorAll(`[data-figure=${name}]`)) each.textContent = number.format(value);
  part('resets').hidden = !resets_at;
  if (resets_at) {
    const day = date.format(new Date(resets_at.slice(0, 10)));
    part('resets').textContent = part('resets').dataset.text.replace('{date}', day);
  }
  part('titles').replaceChildren(...named.map(link));
  part('empty').hidden = used > 0;
  counted('untitled', articles.length - named.length);
  counted('erased', used - articles.length);
};

/** A title of another edition is read in its own direction, and stands where the others do. */
const link = ({ title, path, lang }) =>
  make('li', {}, make('a', { href: path, lang }, make('bdi', {}, title)));

const make = (tag, attributes, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

/** The sentence of this many, in the plural form that the language has for it. */
const counted = (name, count) => {
  const forms = JSON.parse(part(name).dataset.forms);
  part(name).hidden = !count;
  part(name).textContent = (forms[plural.select(count)] ?? forms.other).replace('{n}', number.format(count));
};

/** Shows what is known now, with `message`. */
const look = async (message) => {
  try {
    const { reader } = remembered();
    const who = (await identity()) ?? reader;
    // Elsewhere than on the publisher's own path nobody but the token says who asks.
    if (!who && api.origin !== location.origin) return say('nobody');
    const answer = await call('GET', who);
    // The token that a signed-in reader left behind counts on, and tells nothing: it may be somebody else who asks.
    if (answer.status === 401) return say(reader ? 'signed-out' : 'nobody');
    const { meters } = await answer.json();
    if (!meters.length) return say('nobody');
    fill(meters[0]); // This paper has one.
    say(message, true);
  } catch (fault) {
    say(fault.name === 'SecurityError' ? 'blocked' : (message ?? 'down'));
  }
};

const erase = async () => {
  say('erasing', true);
  try {
    const { reader } = remembered();
    const { status } = await call('DELETE', (await identity()) ?? reader);
    if (status !== 204 && status !== 401) throw new Error(status);
    retain([]);
    if (reader) localStorage[entry] = JSON.stringify({ ...remembered(), ...EMPTIED });
  } catch {
    return say('not-erased', true);
  }
  await look('erased');
};

const dialog = page.querySelector('dialog');
part('ask').addEventListener('click', () => {
  dialog.returnValue = ''; // Escape would leave the last one.
  dialog.showModal();
});
dialog.addEventListener('close', () => dialog.returnValue === 'erase' && erase());
part('retry').addEventListener('click', () => {
  page.querySelector('h1').focus(); // The button goes.
  say('asking');
  look();
});
say('asking');
look();
