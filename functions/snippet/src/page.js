/** What the page says about itself: whether it is an article, which one, in which sections and with which tags. */
import { all } from './dom.js';
import { settings } from './settings.js';

/**
 * What Open Graph and JSON-LD (lists and @graph included) say, with commas between.
 * @param {string} property @param {string} field
 */
const said = (property, field) =>
  [
    all(`[property="${property}"]`).map((meta) => meta.content),
    all('[type*=ld]').map((element) => {
      try {
        return [JSON.parse(element.text)]
          .flat()
          .map((node) => [node, node['@graph']].flat().map((each) => each?.[field]));
      } catch {
        // Not JSON: it says nothing.
      }
    }),
  ].join();

/**
 * Up to 20 different names of up to 64 characters (code points: half an emoji would cost the view its answer): those
 * that the publisher set, else those of the page's description of itself.
 * @param {'section' | 'tag'} what @param {string} field of JSON-LD
 */
export const names = (what, field) =>
  [
    ...new Set(
      String(settings[/** @type {'sections' | 'tags'} */ (what + 's')] ?? said('article:' + what, field))
        .split(',')
        .map((name) => [...name.trim()].slice(0, 64).join('')),
    ),
  ]
    .filter((name) => name)
    .slice(0, 20);

export const isArticle = () => /article|blogp|report/i.test(said('og:type', '@type'));

/** @returns {string | undefined} */
export const canonical = () => all('link[rel=canonical]')[0]?.href;

const query = new URL(/** @type {any} */ (location)).searchParams;

/** What the reader came with, and from which site: no path leaves the page. */
export const arrival = {
  gift: query.get('gift')?.slice(0, 256),
  campaign: query.get('utm_campaign')?.slice(0, 256),
  referrer: document.referrer.split('/', 3).join('/'),
};
