// Renders the page on a server, where there is no document.

import { renderToString } from 'react-dom/server';
import { App, type Settings } from './app.tsx';

export const render = (settings: Settings): string => renderToString(<App {...settings} />);
