/** Asks readmeter-verify.js: cases as JSON on standard input, verdicts on standard output. `hashes` asks for pages'. */
import { readFileSync } from 'node:fs';
import { check, identity, pageHash } from '../../shared/readmeter/verify/readmeter-verify.js';

const { cases, pages } = JSON.parse(readFileSync(0, 'utf8'));
const verdicts = [];
for (const { grant_keys, grant, page, now } of cases) {
  const { granted, why = null } = await check(grant_keys, grant, page, now);
  verdicts.push({ granted, why });
}
const hashes = [];
for (const page of pages) hashes.push({ identity: identity(page), hash: await pageHash(page) });
console.log(JSON.stringify({ verdicts, hashes }));
