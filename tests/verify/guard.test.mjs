/** JavaScript's guard: who gets an article's text, what others are told, and what holds while keys are missing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';
import { guard, keys } from '../../shared/readmeter/verify/readmeter-verify.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/grants.json', import.meta.url), 'utf8'));
const { grant, page } = vectors.grants.find(({ name }) => name == 'metered');
const pages = { '/text': page, '/other': { url: 'https://www.example.com/other' } };

const ask = async (path, authorization, options = {}) => {
  const answer = guard({
    keys: async () => vectors.grant_keys,
    page: (request) => pages[new URL(request.url).pathname] ?? null,
    clock: () => vectors.now * 1000,
    ...options,
  });
  const request = new Request('https://www.example.com' + path, authorization && { headers: { Authorization: authorization } });
  return answer(request, () => new Response('the text', { headers: { 'Cache-Control': 'public, max-age=600' } }));
};

test('who brings a grant for the page gets its text, and no cache may keep it', async () => {
  const answer = await ask('/text', `readmeter ${grant}`);
  assert.equal(await answer.text(), 'the text');
  assert.equal(answer.headers.get('Cache-Control'), 'private, no-store');
  assert.equal(answer.headers.get('Vary'), 'Authorization');
});

test('who brings none is told that it is needed', async () => {
  for (const authorization of [undefined, 'Readmeter', `Bearer ${grant}`, grant]) {
    const answer = await ask('/text', authorization);
    const { reason, status } = await answer.json();
    assert.deepEqual([answer.status, status, reason], [403, 403, 'missing']);
    assert.equal(answer.headers.get('Content-Type'), 'application/problem+json');
    assert.equal(answer.headers.get('Cache-Control'), 'no-store');
  }
});

test('a grant for another page is refused', async () => {
  const answer = await ask('/other', `Readmeter ${grant}`);
  assert.equal((await answer.json()).reason, 'wrong_article');
});

test('other pages need none', async () => {
  const answer = await ask('/free');
  assert.equal(answer.headers.get('Cache-Control'), 'public, max-age=600');
});

test('while there are no keys nobody gets in, or everybody who brings a grant', async () => {
  const none = async () => null;
  const closed = await ask('/text', `Readmeter ${grant}`, { keys: none });
  assert.deepEqual([closed.status, (await closed.json()).reason], [503, 'no_keys']);
  const open = { keys: none, whenKeysAreMissing: 'open' };
  assert.equal((await ask('/text', `Readmeter ${grant}`, open)).status, 200);
  assert.equal((await ask('/text', undefined, open)).status, 403);
});

test('switched off everybody gets in', async () => {
  assert.equal((await ask('/text', undefined, { enforced: () => false })).status, 200);
});

test('keys are read every minute, once for all that ask at a time', async () => {
  let [now, asked] = [0, 0];
  const kept = keys(async () => (asked++, vectors.grant_keys), () => now);
  assert.deepEqual(await Promise.all([kept(), kept()]), [vectors.grant_keys, vectors.grant_keys]);
  assert.equal(asked, 1);
  now += 60_000;
  await kept();
  assert.equal(asked, 2);
});

test('the last good keys are kept, and without any there are none', async () => {
  const told = mock.method(console, 'error', () => {});
  let now = 0;
  const answers = [() => vectors.grant_keys, () => { throw new Error('down'); }, () => ({ keys: [] })];
  const kept = keys(async () => answers.shift()(), () => now);
  assert.equal(await kept(), vectors.grant_keys);
  for (now of [60_000, 90_000]) {
    assert.equal(await kept(), vectors.grant_keys);
    await new Promise(setImmediate);
  }
  assert.equal(told.mock.callCount(), 2);
  assert.equal(await keys(async () => ({ detail: 'No.' }), () => now)(), null);
});

test('keys are asked for again after a reader of them that threw at once', async () => {
  mock.method(console, 'error', () => {});
  let now = 0;
  const answers = [() => { throw new Error('no such file'); }, () => vectors.grant_keys];
  const kept = keys(() => answers.shift()(), () => now);
  assert.equal(await kept(), null);
  now = 30_000;
  assert.equal(await kept(), vectors.grant_keys);
});
