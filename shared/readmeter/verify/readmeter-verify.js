/**
 * Withholds an article's text until a Readmeter grant verifies. One file without dependencies, for Node 20 or newer,
 * Workers, Deno and other runtimes that have WebCrypto: copy it into your project. docs/body-withheld.md has examples.
 *
 *     const answer = guard({ keys: keys(readGrantKeys), page: pageOf });
 *     return answer(request, () => theText(request));
 *
 * Where `pageOf` names a page, its text is given out only to a request with a grant for that very page in
 * `Authorization: Readmeter <grant>`. What the page is comes from you, never from the request.
 */

/**
 * An article as its own page describes itself to the script. `url` is its address: the canonical one where the page
 * names one on its own origin. `sections` and `tags` are what the page says in `article:section` and `article:tag`,
 * JSON-LD, or the script's attributes. `article` is `data-article`; without it the address is what counts.
 * @typedef {{ url: string, sections?: Iterable<string>, tags?: Iterable<string>, article?: string | null }} Page
 *
 * What GET /v1/admin/sites/{site}/grant-keys tells.
 * @typedef {{ site: string, soft_grants: boolean, keys: { kid: string, k: string, expires: string | null }[] }} GrantKeys
 *
 * `reader` tells readers of the site apart; `soft` is true of grants by campaign.
 * @typedef {{ granted: true, reason: string, reader: string, soft: boolean }} Granted
 * @typedef {{ granted: false, why: string }} Refused
 */

/** Seconds that clocks may differ. */
const LEEWAY = 30;
/** Milliseconds that keys are kept, and after which they are asked for again where they could not be read. */
const KEPT_FOR = 60_000;
const RETRY_AFTER = 30_000;
const MOST_NAMES = 20;
const MOST_NAME_CHARACTERS = 64;
const MOST_GRANT_CHARACTERS = 4096;

const DETAILS = /** @type {Record<string, string>} */ ({
  missing: 'The text of this article needs a grant, and the request has none.',
  no_keys: 'The text of this article cannot be given out now; try again.',
});
const REFUSED = 'The grant is not one for this article.';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Called, gives the keys: read anew every minute, the last good ones kept. null where there never were any.
 * @param {() => Promise<GrantKeys>} read the JSON of GET /v1/admin/sites/{site}/grant-keys; may throw
 * @param {() => number} clock in milliseconds
 * @returns {() => Promise<GrantKeys | null>}
 */
export const keys = (read, clock = Date.now) => {
  /** @type {GrantKeys | null} */
  let known = null;
  let due = -Infinity;
  /** @type {Promise<void> | null} */
  let reading = null;
  const renew = async () => {
    try {
      const told = await read();
      if (!told.keys.length) throw new Error('there is no key in it');
      known = told;
      due = clock() + KEPT_FOR;
    } catch (error) {
      console.error("Readmeter's grant keys cannot be read.", error);
      due = clock() + RETRY_AFTER;
    }
  };
  return async () => {
    if (clock() >= due) reading ||= renew().finally(() => (reading = null));
    if (!known) await reading;
    return known;
  };
};

/**
 * Whether a grant is one for a page.
 * @param {GrantKeys | null} known @param {string | null | undefined} grant @param {Page} page
 * @param {number} now in seconds since 1970
 * @returns {Promise<Granted | Refused>}
 */
export const check = async (known, grant, page, now = Date.now() / 1000) => {
  if (!grant) return refused('missing');
  if (!known) return refused('no_keys');
  const parts = grant.length > MOST_GRANT_CHARACTERS ? [] : grant.split('.');
  const [head, claims] = parts.length == 3 ? parts.slice(0, 2).map(object) : [];
  if (!head || !claims || !isBase64url(parts[2])) return refused('malformed');
  if (head.alg !== 'HS256') return refused('wrong_algorithm');
  const named = known.keys.find(({ kid }) => kid === head.kid);
  if (!named || (named.expires !== null && now >= Date.parse(named.expires) / 1000)) return refused('unknown_key');
  const key = await crypto.subtle.importKey('raw', decoded(named.k), HMAC, false, ['sign']);
  // As text: bytes can be written in more than one way.
  if (!same(base64url(await mac(key, `${parts[0]}.${parts[1]}`)), parts[2])) return refused('wrong_signature');

  if (claims.iss !== 'readmeter' || claims.aud !== known.site) return refused('wrong_site');
  if (claims.iat > now + LEEWAY) return refused('not_yet_valid');
  if (claims.exp <= now - LEEWAY) return refused('expired');
  const article = await mac(key, `article\0${identity(page)}`);
  if (!same(base64url(article.slice(0, 16)), claims.art)) return refused('wrong_article');
  if (!same(await pageHash(page), claims.page)) return refused('wrong_page');
  const soft = claims.soft === true;
  if (soft && !known.soft_grants) return refused('soft');
  return { granted: true, reason: claims.reason, reader: claims.sub, soft };
};

/**
 * What a page says of itself, in short: the claim `page` of its grants.
 * @param {Page} page
 */
export const pageHash = async ({ url, sections = [], tags = [] }) => {
  const said = `${listed(sections)};${listed(tags)};${new URL(url).pathname}`;
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(said));
  return base64url(new Uint8Array(hash).slice(0, 16));
};

/** What the meter counts a page by. @param {Page} page */
export const identity = ({ url, article }) => {
  if (article != null) return article.normalize('NFC');
  const { origin, pathname } = new URL(url);
  return origin + pathname;
};

/**
 * Stands before what answers. Where `page` names one, `next` is called only for a request with a grant for it. While
 * there are no keys, nobody gets in, or everybody who brings a grant (`whenKeysAreMissing: 'open'`). While `enforced`
 * says no, everybody gets in.
 * @param {{
 *   keys: () => Promise<GrantKeys | null>,
 *   page: (request: Request) => Page | null | Promise<Page | null>,
 *   whenKeysAreMissing?: 'closed' | 'open',
 *   enforced?: () => boolean | Promise<boolean>,
 *   clock?: () => number,
 * }} options `clock` is in milliseconds
 * @returns {(request: Request, next: () => Response | Promise<Response>) => Promise<Response>}
 */
export const guard =
  ({ keys, page, whenKeysAreMissing = 'closed', enforced = () => true, clock = Date.now }) =>
  async (request, next) => {
    const asked = await page(request);
    if (!asked) return next();
    if (await enforced()) {
      const [, grant] = request.headers.get('Authorization')?.match(/^readmeter +(.*\S)/i) ?? [];
      const found = await check(await keys(), grant, asked, clock() / 1000);
      if (!found.granted && (found.why != 'no_keys' || whenKeysAreMissing != 'open')) return problem(found.why);
    }
    // What was given out to one reader is nobody else's, whatever the answer says of caching.
    const { body, status, statusText, headers } = await next();
    const answer = new Response(body, { status, statusText, headers });
    answer.headers.set('Cache-Control', 'private, no-store');
    answer.headers.append('Vary', 'Authorization');
    return answer;
  };

/** The answer to who may not have the text (RFC 9457). @param {string} why */
const problem = (why) => {
  const [status, title] = why == 'no_keys' ? [503, 'Service Unavailable'] : [403, 'Forbidden'];
  const told = { type: 'about:blank', title, status, detail: DETAILS[why] ?? REFUSED, reason: why };
  const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
  return new Response(JSON.stringify(told), { status, headers });
};

/** @param {string} why @returns {Refused} */
const refused = (why) => ({ granted: false, why });

/** Up to 20 names as the script sends them, in the form that they are compared in. @param {Iterable<string>} names */
const listed = (names) => {
  const said = [...names].flatMap((text) => text.split(',')).map((name) => cut(name.trim()));
  const sent = [...new Set(said.filter((name) => name))].slice(0, MOST_NAMES);
  return [...new Set(sent.map((name) => percent(plain(name))))].sort().map((name) => name + ',').join('');
};

/** By code points: half an emoji is no character. @param {string} name */
const cut = (name) => [...name].slice(0, MOST_NAME_CHARACTERS).join('');

/** Only ASCII case: runtimes do not agree on other letters'. @param {string} name */
const plain = (name) => name.normalize('NFC').trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** As RFC 3986 says: everything but letters, digits and -._~ @param {string} text */
const percent = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => '%' + sign.charCodeAt(0).toString(16).toUpperCase());

/** Whether two texts are the same, in a time that does not tell how far. @param {string} one @param {unknown} other */
const same = (one, other) => {
  if (typeof other != 'string' || one.length != other.length) return false;
  let differing = 0;
  for (let at = 0; at < one.length; at++) differing |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return !differing;
};

/** @param {CryptoKey} key @param {string} text */
const mac = async (key, text) => new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)));

/** @param {string} text */
const isBase64url = (text) => /^[\w-]*$/.test(text);

/** The JSON object in a part of a grant. @param {string} part @returns {any} */
const object = (part) => {
  try {
    const data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decoded(part)));
    return typeof data == 'object' && !Array.isArray(data) ? data : null;
  } catch {
    return null;
  }
};

/** Throws where it is no base64url without padding (RFC 4648 section 5). @param {string} text */
const decoded = (text) => {
  if (!isBase64url(text)) throw new Error('not base64url');
  return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
};

/** @param {Uint8Array} bytes */
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
