export default mounted(".live", (root) => new View(root));
