using System.Runtime.InteropServices;
using Flip.Data;

namespace Flip.Evaluation.Embedding;

/// <summary>Embedded items as the bytes that a rank gives to others. Texts stay as they are, whatever is in them.</summary>
internal static class ItemBytes
{
    /// <summary>Writes a batch.</summary>
    public static byte[] Of(EmbeddedItems items)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(items.First);
        writer.Write(items.Next);
        Write(writer, items.Keys);
        writer.Write(items.Texts is not null);
        Write(writer, items.Texts ?? []);
        Write(writer, [.. items.Missing.Select(missing => missing.Key)]);
        Write(writer, [.. items.Missing.Select(missing => missing.Problem)]);
        writer.Write(items.Vectors.Length);
        writer.Write(MemoryMarshal.AsBytes(items.Vectors.AsSpan()));
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="Of"/> wrote.</summary>
    public static EmbeddedItems Read(ReadOnlyMemory<byte> bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes.ToArray(), writable: false));
        var (first, next) = (reader.ReadInt64(), reader.ReadInt64());
        var keys = Texts(reader);
        var hasTexts = reader.ReadBoolean();
        var texts = Texts(reader);
        MissingItem[] missing = [.. Texts(reader).Zip(Texts(reader), (key, problem) => new MissingItem(key, problem))];
        var vectors = new float[reader.ReadInt32()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(vectors.AsSpan()));
        return new EmbeddedItems(first, next, keys, hasTexts ? texts : null, vectors, missing);
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<string> texts)
    {
        writer.Write(texts.Count);
        foreach (var text in texts)
        {
            writer.Write(text.Length);
            writer.Write(MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    private static string[] Texts(BinaryReader reader)
    {
        var texts = new string[reader.ReadInt32()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = new string(MemoryMarshal.Cast<byte, char>(reader.ReadBytes(reader.ReadInt32() * sizeof(char))));
        }

        return texts;
    }
}
