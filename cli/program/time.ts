/** Times on a screen: UTC, as logs and AWS have them. */

/** @example 2026-01-31T09:00:00Z */
export const second = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
