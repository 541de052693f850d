using System.Text;

namespace Flip.Tokenizers;

/// <summary>Cuts a normalised text into pieces.</summary>
internal interface IPieceSegmenter
{
    /// <summary>The parts of a text in order, each with the id of its piece; <see cref="PieceSegments.Unknown"/> where the vocabulary lacks it.</summary>
    IEnumerable<(int Start, int Length, int Id)> Segment(string text);
}

/// <summary>Ids of the parts of a text: parts that the vocabulary lacks become their bytes, or one id however many follow each other.</summary>
/// <param name="model">The model.</param>
internal sealed class PieceSegments(SentencePieceModel model)
{
    /// <summary>The id of a part that the vocabulary lacks.</summary>
    public const int Unknown = -1;

    private readonly int[] _bytes = model.ByteIds();

    /// <summary>The ids.</summary>
    public List<int> Ids(string text, IEnumerable<(int Start, int Length, int Id)> parts)
    {
        var ids = new List<int>();
        var behindUnknown = false;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var (start, length, id) in parts)
        {
            if (id != Unknown && id != model.UnknownId)
            {
                ids.Add(id);
                behindUnknown = false;
            }
            else if (_bytes.Length > 0)
            {
                foreach (var rune in text.AsSpan(start, length).EnumerateRunes())
                {
                    foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                    {
                        ids.Add(_bytes[value]);
                    }
                }
            }
            else
            {
                if (!behindUnknown)
                {
                    ids.Add(model.UnknownId);
                }

                behindUnknown = true;
            }
        }

        return ids;
    }
}
