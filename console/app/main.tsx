/** Draws the console into its page. */
import { QueryClientProvider } from '@tanstack/react-query';
import { render } from 'preact';
import { Router } from 'wouter';
import { queries } from '../api/live.ts';
import { Frame } from './frame.tsx';
import { followLinks } from './links.ts';

const root = document.getElementById('console');
if (root !== null) {
  followLinks();
  render(
    <QueryClientProvider client={queries}>
      <Router base="/console">
        <Frame />
      </Router>
    </QueryClientProvider>,
    root,
  );
}
