/** What the site's tag manager is told: pushes into window.dataLayer, where there is one. */

/** @param {any} [detail] of the event @returns {Record<string, string>} by an event on the page, the kind of what happened */
export const names = (detail) => ({
  decision: 'decision',
  shown: 'prompt_shown',
  dismissed: 'prompt_dismissed',
  clicked: `${detail?.kind || 'link'}_clicked`,
  miss: 'fail_open',
});

/**
 * No token, digest or query goes in: only which article (its id or address), and what was decided on it.
 * @param {string} kind @param {string} article names it @param {Decision | null} decision
 */
export const tell = (kind, article, decision) => {
  const { access, reason, meter, limit, used, remaining, prompt } = decision || {};
  const readmeter = { article, access, reason, meter, limit, used, remaining, prompt: prompt?.kind };
  // A page's own element or object may have that name.
  window.dataLayer?.push?.({ event: 'readmeter_' + kind, readmeter });
};
