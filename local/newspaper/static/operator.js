// Asks for the operator page again every second while it is seen, and puts in what has changed.
const SECOND = 1000;

const show = (page) => {
  for (const now of page.querySelectorAll('[data-live]')) {
    const shown = document.getElementById(now.id);
    if (shown.innerHTML !== now.innerHTML) shown.replaceChildren(...now.childNodes);
  }
};

const refresh = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname);
      show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch {
      // The paper is stopped: what is shown stays.
    }
  }
  setTimeout(refresh, SECOND);
};

document.querySelector('.refresh').hidden = true;
setTimeout(refresh, SECOND);
