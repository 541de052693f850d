using System.Globalization;

namespace Flip.Data.Layouts;

/// <summary>Classes as files write them.</summary>
internal static class LabelText
{
    /// <summary>A class number; null where the text is none, or beyond the classes.</summary>
    /// <param name="text">Digits.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="first">The number of the first class.</param>
    public static int? Number(string text, int classes, int first = 0) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= first && number - first < classes
            ? number - first
            : null;
}
