// Importing it names the elements.

export {};
