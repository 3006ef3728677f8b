import { packageRoot } from '../src/package-root.ts';
import { render, type TemplateData } from '../src/template/render.ts';

/** Renders `provisioners/templates/<name>.hbs`. */
export const template = (name: string, data: TemplateData): string =>
  render(new URL(`provisioners/templates/${name}.hbs`, packageRoot), data);
