/**
 * Builds what the snippet function serves, from src/ into assets/: snippet.js and what names its content for ever.
 * The same sources give the same bytes: tests/unit/test_snippet_build.py rebuilds them and compares. `--out DIR` builds elsewhere.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] == '--out' ? process.argv[3] : join(here, 'assets');

/** Style sheets are imported as minified text. */
const styles = {
  name: 'styles',
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

async function bundle(name, define = {}) {
  const built = await build({
    entryPoints: [join(here, 'src', name)],
    bundle: true,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    plugins: [styles],
    define,
    tsconfigRaw: {},
    write: false,
  });
  const { code } = await minify(built.outputFiles[0].text, {
    ecma: 2020,
    toplevel: true,
    compress: { passes: 4, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, booleans_as_integers: false },
    format: { comments: false },
  });
  return Buffer.from(code + '\n');
}

const hash = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
const integrity = (algorithm, bytes) => `${algorithm}-${hash(algorithm, bytes, 'base64')}`;
const named = (name, bytes) => `${name}-${hash('sha256', bytes, 'hex').slice(0, 10)}.js`;

const parts = { bar: await bundle('bar.js'), wall: await bundle('wall.js') };
const baked = Object.entries(parts).map(([name, bytes]) => [name, [named(name, bytes), integrity('sha256', bytes)]]);
const snippet = await bundle('snippet.js', { PARTS: JSON.stringify(Object.fromEntries(baked)) });
const about = { file: named('snippet', snippet), integrity: integrity('sha384', snippet) };

await mkdir(join(out, 'releases'), { recursive: true });
await writeFile(join(out, 'snippet.js'), snippet);
await writeFile(join(out, 'snippet.json'), JSON.stringify(about, null, 2) + '\n');
for (const [name, bytes] of Object.entries({ snippet, ...parts })) {
  await writeFile(join(out, 'releases', named(name, bytes)), bytes);
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip -9`);
}
