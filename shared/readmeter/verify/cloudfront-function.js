/*
 * CloudFront Function (runtime 2.0, viewer request): lets a request for an article's text pass only with a Readmeter
 * grant for that very article. docs/body-withheld.md says how to set it up. The associated KeyValueStore holds
 *
 *   grant-keys   the JSON of GET /v1/admin/sites/{site}/grant-keys, written anew every few minutes
 *   <path>       for each withheld text, by its path: {"article": "<what counts it>", "page": "<hash of its page>"}
 *   enforce      "off" lets everybody in; any other value, or none, does not
 *
 * What the runtime lacks is not used: no WebCrypto, no destructuring, no optional chaining, no async closures.
 */
import crypto from 'crypto';
import cf from 'cloudfront';

// 'open' lets in whoever brings a grant while there are no keys to check it with.
const WHEN_KEYS_ARE_MISSING = 'closed';
const LEEWAY = 30; // seconds that clocks may differ
const MOST_GRANT_CHARACTERS = 4096;

async function handler(event) {
  const request = event.request;
  if ((await stored('enforce')) === 'off') return request;
  const header = request.headers.authorization;
  const found = /^readmeter +(.*\S)/i.exec(header ? header.value : '');
  const why = await refusal(found ? found[1] : '', request.uri);
  if (why && (why !== 'no_keys' || WHEN_KEYS_ARE_MISSING !== 'open')) return problem(why);
  delete request.headers.authorization; // the origin's answer is the same for every reader, and may be cached here
  return request;
}

// Why the text at `uri` is not given out for `grant`; '' where it is.
async function refusal(grant, uri) {
  if (!grant) return 'missing';
  const told = await stored('grant-keys');
  if (!told) return 'no_keys';
  const known = JSON.parse(told);
  const parts = grant.length > MOST_GRANT_CHARACTERS ? [] : grant.split('.');
  const head = parts.length === 3 ? object(text(parts[0])) : null;
  const claims = parts.length === 3 ? object(text(parts[1])) : null;
  if (!head || !claims || !isBase64url(parts[2])) return 'malformed';
  if (head.alg !== 'HS256') return 'wrong_algorithm';
  const now = Date.now() / 1000;
  const named = known.keys.filter((key) => key.kid === head.kid)[0];
  if (!named || (named.expires !== null && now >= Date.parse(named.expires) / 1000)) return 'unknown_key';
  const key = Buffer.from(named.k, 'base64url');
  // As text: bytes can be written in more than one way.
  if (!same(mac(key, parts[0] + '.' + parts[1]).toString('base64url'), parts[2])) return 'wrong_signature';

  if (claims.iss !== 'readmeter' || claims.aud !== known.site) return 'wrong_site';
  if (claims.iat > now + LEEWAY) return 'not_yet_valid';
  if (claims.exp <= now - LEEWAY) return 'expired';
  const page = object(await stored(uri));
  if (!page || !same(mac(key, 'article\0' + page.article).slice(0, 16).toString('base64url'), claims.art))
    return 'wrong_article';
  if (!same(page.page, claims.page)) return 'wrong_page';
  if (claims.soft === true && known.soft_grants !== true) return 'soft';
  return '';
}

// What the KeyValueStore holds under `name`; '' where it holds nothing.
async function stored(name) {
  try {
    return await cf.kvs().get(name);
  } catch (missing) {
    return '';
  }
}

// The answer to who may not have the text (RFC 9457).
function problem(why) {
  const isLacking = why === 'no_keys';
  const status = isLacking ? 503 : 403;
  const title = isLacking ? 'Service Unavailable' : 'Forbidden';
  let detail = 'The grant is not one for this article.';
  if (isLacking) detail = 'The text of this article cannot be given out now; try again.';
  if (why === 'missing') detail = 'The text of this article needs a grant, and the request has none.';
  const told = { type: 'about:blank', title: title, status: status, detail: detail, reason: why };
  return {
    statusCode: status,
    statusDescription: title,
    headers: { 'content-type': { value: 'application/problem+json' }, 'cache-control': { value: 'no-store' } },
    body: { encoding: 'text', data: JSON.stringify(told) },
  };
}

// The JSON object that a text is, null where it is none.
function object(text) {
  try {
    const data = JSON.parse(text);
    return data && typeof data === 'object' && !Array.isArray(data) ? data : null;
  } catch (fault) {
    return null;
  }
}

// Whether two texts are the same, in a time that does not tell how far.
function same(one, other) {
  if (typeof other !== 'string' || one.length !== other.length) return false;
  let differing = 0;
  for (let at = 0; at < one.length; at++) differing |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return differing === 0;
}

function mac(key, text) {
  return crypto.createHmac('sha256', key).update(text).digest();
}

function text(part) {
  return isBase64url(part) ? Buffer.from(part, 'base64url').toString() : '';
}

function isBase64url(part) {
  return /^[A-Za-z0-9_-]*$/.test(part);
}
