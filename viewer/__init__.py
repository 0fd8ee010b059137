"""The browser's side: settings, server, pages, panes and the JavaScript that draws."""
