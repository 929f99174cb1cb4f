export default mounted(".graph", (root) => new View(root));
