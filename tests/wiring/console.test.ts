/** The built console is small, and has nothing in its page that its policy forbids. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { built } from '../../tools/build.ts';

const SCRIPT_BYTES = 60 * 1024;
const ELEMENT_BYTES = 25 * 1024;

it('has under 60 KB of script, as it goes over a wire', () => {
  const assets = join(built.console, 'assets');
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  const bytes = scripts.map((name) => gzipSync(readFileSync(join(assets, name))).length);
  expect(bytes.length).toBeGreaterThan(0);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(SCRIPT_BYTES);
});

it('has an element for pages of tenants of under 25 KB, as it goes over a wire', () => {
  expect(gzipSync(readFileSync(built.element)).length).toBeLessThan(ELEMENT_BYTES);
});

it('has no script, style or handler in its page', () => {
  const page = readFileSync(join(built.console, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
});
