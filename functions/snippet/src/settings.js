/** How the publisher set the snippet up: window.readmeterConfig, else attributes of its script element. */
import { all } from './dom.js';

// Never currentScript: optimizers and tag managers move the element, load it late and strip its attributes.
// Another vendor's file may be called so, too: an element that names a site goes first.
/** @type {Partial<HTMLScriptElement>[]} */
const [script = {}] = ['[data-site]', '[src*="site="]', '*'].flatMap((mark) => all(mark + '[src*="/v1/snippet"]'));
const { src = '' } = script;

/** Strings from attributes, anything from the configuration. @type {Settings} */
export const settings = { ...script.dataset, ...self.readmeterConfig };
export const site = (settings.site ||= src.match(/site=([\w-]+)/)?.[1]);

/** @param {string | undefined} address */
const routes = (address) => (address || src).split(/\/v1\/|\/$/)[0] + '/v1/';

/** The other part comes from where this one came from (the page's policy allows that place), or as the configuration says. */
export const assets = routes(self.readmeterConfig?.api);
settings.api = routes(settings.api);
