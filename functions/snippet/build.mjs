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

/** A style sheet is imported as minified text, or by class name as what its rules say. */
const styles = {
  name: 'styles',
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      const rules = Object.fromEntries(Array.from(code.matchAll(/\.(\w+)\{(.*?)\}/g), ([, name, said]) => [name, said]));
      const exported = Object.entries(rules).map(([name, said]) => `export const ${name} = ${JSON.stringify(said)};`);
      return { contents: [`export default ${JSON.stringify(code.trim())};`, ...exported].join('\n') };
    });
  },
};

async function bundle(name, define = {}) {
  const built = await build({
    entryPoints: [join(here, 'src', name)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    plugins: [styles],
    define,
    tsconfigRaw: {},
    write: false,
  });
  const { code } = await minify(built.outputFiles[0].text, {
    ecma: 2022,
    toplevel: true,
    compress: { passes: 4, reduce_funcs: false, unsafe_arrows: true, unsafe_methods: true, pure_getters: true },
    format: { comments: false },
  });
  return code;
}

const hash = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
const integrity = (bytes) => `sha384-${hash('sha384', bytes, 'base64')}`;
const named = (name, bytes) => `${name}-${hash('sha256', bytes, 'hex').slice(0, 8)}.js`;

const more = Buffer.from((await bundle('more.js')) + '\n');
const core = await bundle('snippet.js', { MORE: JSON.stringify(named('more', more)) });
// A classic script: the block keeps its names from the page, and `let` alone compresses better than a mixture.
const snippet = Buffer.from(`{${core.replace(/;$/, '').replace(/\b(?:const|var)(?=[ {[])/g, 'let')}}\n`);
// Whoever pins the snippet pins its other part too, in the page's import map.
const about = {
  file: named('snippet', snippet),
  integrity: integrity(snippet),
  imports: { [named('more', more)]: integrity(more) },
};

await mkdir(join(out, 'releases'), { recursive: true });
await writeFile(join(out, 'snippet.js'), snippet);
await writeFile(join(out, 'snippet.json'), JSON.stringify(about, null, 2) + '\n');
for (const [name, bytes] of Object.entries({ snippet, more })) {
  await writeFile(join(out, 'releases', named(name, bytes)), bytes);
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip -9`);
}
