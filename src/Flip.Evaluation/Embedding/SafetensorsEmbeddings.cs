using System.Text;
using Flip.Storage;
using TorchSharp;

namespace Flip.Evaluation.Embedding;

/// <summary>
/// Embeddings as safetensors: <c>embeddings</c>, F32 <c>[N, D]</c>, and <c>keys</c>, the keys in UTF-8 with a line feed between two. Keys
/// are a tensor because a header holds less than 100 MB, and a file of their own could be parted from the embeddings.
/// </summary>
internal static class SafetensorsEmbeddings
{
    public const string Extension = ".safetensors";

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="CheckpointFormatException">It holds something else.</exception>
    public static (IReadOnlyList<string> Keys, float[] Vectors) Read(SafetensorsReader reader)
    {
        if (reader.Describe("embeddings") is not { Type: "F32", Shape: [var rows, _] } embeddings || embeddings.Count > Array.MaxLength
            || reader.Describe("keys").Type != "U8")
        {
            throw new CheckpointFormatException(reader.Path, "embeddings", "no F32 of two dimensions that fits in memory, or no keys of bytes");
        }

        using var scope = torch.NewDisposeScope();
        var keys = Encoding.UTF8.GetString(reader.ReadTensor("keys").bytes).Split('\n');
        return keys.Length == rows
            ? (keys, reader.ReadFloats("embeddings"))
            : throw new CheckpointFormatException(reader.Path, "keys", $"{keys.Length} keys of {rows} embeddings");
    }

    /// <summary>Joins the parts.</summary>
    public static void Write(string path, EmbeddingParts parts, string temporarySuffix, CancellationToken cancellation)
    {
        var bytes = parts.Keys().Sum(key => Encoding.UTF8.GetByteCount(key) + 1L) - 1; // no line feed behind the last
        SafetensorsWriter.Write(
            path,
            [
                (new TensorDescription("embeddings", "F32", [parts.Embedded, parts.Manifest.EmbedDim]), stream =>
                {
                    foreach (var items in parts.Read())
                    {
                        cancellation.ThrowIfCancellationRequested();
                        RawFloats.Write(stream, items.Vectors);
                    }
                }),
                (new TensorDescription("keys", "U8", [bytes]), stream =>
                {
                    var separator = "";
                    foreach (var key in parts.Keys())
                    {
                        stream.Write(Encoding.UTF8.GetBytes(separator + key));
                        separator = "\n";
                    }
                }),
            ],
            new Dictionary<string, string>(parts.Manifest.ToValues()) { ["format"] = "pt" }, // the framework, as transformers wants it
            temporarySuffix);
    }
}
