/**
 * Runs cloudfront-function.js as CloudFront's runtime 2.0 would, as near as Node comes to it: a global object without
 * what that runtime lacks, its two modules and nothing else. Requests on standard input, what comes of them on standard
 * output: `{"status": 200}` where the request passes, with the headers that go on.
 */
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createContext, runInContext, SourceTextModule, SyntheticModule } from 'node:vm';

const SOURCE = new URL('../../shared/readmeter/verify/cloudfront-function.js', import.meta.url);
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html lists what
// there is; this is what Node has beyond that, as far as a program of this kind might reach for it.
const LACKING = `
  for (const name of ['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Proxy', 'Reflect', 'Intl', 'BigInt', 'Atomics',
    'SharedArrayBuffer', 'FinalizationRegistry', 'WebAssembly', 'Iterator', 'eval', 'Function', 'escape', 'unescape'])
    delete globalThis[name];
  for (const name of ['normalize', 'matchAll', 'replaceAll', 'at', 'localeCompare', 'isWellFormed'])
    delete String.prototype[name];
  for (const name of ['flat', 'flatMap', 'at', 'findLast', 'toSorted', 'with']) delete Array.prototype[name];
  for (const name of ['fromEntries', 'groupBy', 'hasOwn']) delete Object[name];
  for (const name of ['all', 'allSettled', 'any', 'race']) delete Promise[name];
`;

const input = JSON.parse(readFileSync(0, 'utf8'));
let store = {};
const kvs = {
  get: async (key) => {
    if (!Object.hasOwn(store, key)) throw new Error('KeyNotFound');
    return store[key];
  },
};
const [createHmac, createHash] = [crypto.createHmac, crypto.createHash];
const modules = { crypto: { createHmac, createHash }, cloudfront: { kvs: () => kvs } };

const context = createContext({ Buffer, console: { log: () => {} } });
runInContext(LACKING, context);
const source = readFileSync(SOURCE, 'utf8') + '\nglobalThis.handler = handler;';
const program = new SourceTextModule(source, { context, identifier: 'function' });
await program.link((name) => {
  if (!modules[name]) throw new Error(`The runtime has no module ${name}.`);
  return new SyntheticModule(['default'], function () { this.setExport('default', modules[name]); }, { context });
});
await program.evaluate();

const answers = [];
for (const { now, uri, headers, kept } of input) {
  store = kept;
  context.now = now * 1000;
  runInContext('Date.now = () => now', context);
  const request = { method: 'GET', uri, querystring: {}, headers, cookies: {} };
  const event = { version: '1.0', context: { eventType: 'viewer-request' }, viewer: { ip: '192.0.2.1' }, request };
  const answer = await context.handler(event);
  answers.push(
    answer.statusCode
      ? { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body.data) }
      : { status: 200, headers: answer.headers, uri: answer.uri },
  );
}
console.log(JSON.stringify(answers));
