/** How the publisher set the snippet up: window.readmeterConfig, else attributes of its script element. */
import { all } from './dom.js';

// Never currentScript: optimizers and tag managers move the element, load it late and strip its attributes.
/** @type {Partial<HTMLScriptElement>[]} */
const [script = {}] = all('script[src*="/v1/snippet"]');
const { src = '' } = script;

/** Strings from attributes, anything from the configuration. @type {Settings} */
export const settings = { ...script.dataset, ...self.readmeterConfig };
export const site = (settings.site ||= src.match(/site=([\w-]+)/)?.[1]);

/** @param {string} address @returns {string} where the routes below it are */
const routes = (address) => address.split(/\/v1\/|\/$/)[0] + '/v1/';

export const api = routes(settings.api || src);
/** The other part comes from where this one came from: the page's policy already allows that place. */
export const assets = routes(src || api);
