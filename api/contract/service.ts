/** What the API says of itself. */
import * as z from 'zod';
import { operations } from './operation.ts';

export const Health = z.object({
  status: z.literal('ok'),
  audience: z.string().describe('The `aud` of tokens for this stack.'),
  door: z.enum(['api', 'operate']),
});

export const serviceOperations = operations({
  getHealth: {
    method: 'get',
    path: '/v1/health',
    tag: 'service',
    access: { kind: 'public' },
    summary: 'Ask whether the API is there, and which audience its tokens have',
    answers: { 200: { description: 'It is.', body: Health } },
    problems: [],
  },
  getDocument: {
    method: 'get',
    path: '/v1/openapi.json',
    tag: 'service',
    access: { kind: 'public' },
    summary: 'Read this document',
    answers: { 200: { description: 'The OpenAPI document.', body: z.looseObject({ openapi: z.string() }) } },
    problems: [],
  },
});
