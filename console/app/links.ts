/** Links within the console change the screen and load nothing, so every screen may have plain ones. */
import { navigate } from 'wouter/use-browser-location';

export function followLinks(): void {
  document.addEventListener('click', (event) => {
    const { target, button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented } = event;
    if (defaultPrevented || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return;
    const link = target instanceof Element ? target.closest('a') : null;
    const href = link?.getAttribute('href');
    if (href === null || href === undefined || !href.startsWith('/console')) return;
    event.preventDefault();
    for (const dialog of document.querySelectorAll('dialog[open]'))
      if (dialog instanceof HTMLDialogElement) dialog.close();
    navigate(href);
  });
}
