/** The shapes that the snippet's files share. Type checking only: nothing of this file is shipped. */

/** A style sheet as minified text, and by class name what its rules say, for style properties. */
declare module '*.css' {
  const text: string;
  export default text;
  export const bar: string, close: string, target: string;
}

/** File name of more.js: put in by the build. */
declare const MORE: string;

interface Link {
  /** Further links have none. */
  kind?: string;
  label: string;
  url: string;
}

interface Prompt {
  kind: 'countdown' | 'last' | 'registration' | 'wall';
  lang: string;
  dir: string;
  message: string;
  actions: Link[];
  dismissible: boolean;
  close_label: string;
  redirect_url: string | null;
  position: string;
  colors: { background: string; text: string };
  links: Link[];
}

/** The answer of POST /v1/views, as far as the snippet reads it. */
interface Decision {
  access: 'granted' | 'denied';
  reason: string;
  meter: string | null;
  limit: number | null;
  used: number | null;
  remaining: number | null;
  reader: string;
  state: string | null;
  grant: string | null;
  resets_at: string | null;
  prompt: Prompt | null;
}

/** What the publisher can set: strings from attributes, lists too from window.readmeterConfig. */
interface Settings {
  site?: string;
  api?: string;
  article?: string;
  url?: string;
  sections?: string | string[];
  tags?: string | string[];
  gate?: string;
  body?: string;
  preview?: string | number;
  identity?: string | null;
  identityUrl?: string;
  locale?: string;
  nonce?: string;
  consent?: string | boolean;
  failure?: 'last-known' | 'show' | 'hide';
}

/** Which article a page view is of. */
interface Article {
  article?: string;
  url?: string;
}

/** What is kept in the reader's browser, for one site. */
interface Memory {
  seed: string;
  /** `none` where nothing can be kept. */
  storage?: string;
  reader?: string;
  state?: string | null;
  /** The number of the bar that the reader closed; null if it has changed since. */
  dismissed?: number | null;
  /** What the next view reports. */
  events?: Report[];
  /** Articles that were granted, newest first: no earlier wall is ever shown on them. */
  granted?: string[];
  /** The last wall, for when the service does not answer. `only` is the article that it is bound to. */
  wall?: { prompt: Prompt; until: number; only: string | null } | null;
}

/** What happened on a page, as POST /v1/views takes it. `at` is in milliseconds since 1970. */
interface Report {
  kind: string;
  article: string;
  at: number;
}

type Emit = (name: string, detail?: any) => boolean;

interface Window {
  dataLayer?: unknown[];
  readmeterConfig?: Settings;
  readmeter?: any;
}
