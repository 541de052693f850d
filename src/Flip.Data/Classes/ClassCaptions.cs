using System.Collections;

namespace Flip.Data.Classes;

/// <summary>A class name in each template; text is made when it is asked for, since training takes one of eighty.</summary>
internal sealed class ClassCaptions(string name, IReadOnlyList<string> templates) : IReadOnlyList<string>
{
    public int Count => templates.Count;

    public string this[int index] => ClassTemplates.Render(templates[index], name);

    public IEnumerator<string> GetEnumerator() => templates.Select(template => ClassTemplates.Render(template, name)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
