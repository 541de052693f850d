using System.Globalization;
using Flip.Conversion.Onnx.Schema;
using Flip.Io;
using Google.Protobuf;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Writes a model with its weights, one at a time. The generated classes would hold every weight in memory, so they write the small
/// messages and the fields that enclose weights are written here. The graph is one field of known length: parsers are to merge one that
/// comes in pieces, but Netron, which people look at such files with, keeps the last piece only.
/// </summary>
internal static class OnnxFile
{
    /// <summary>A protobuf message has to stay below 2 GiB; larger weights go to a file of their own.</summary>
    public const long DefaultInlineLimit = 1_800_000_000;

    private const long LeastExternal = 1024; // shapes and axes stay inside, where every tool looks for them
    private const long Alignment = 4096; // a page, so that the file can be mapped

    /// <summary>The file of a model's weights, beside it.</summary>
    public static string DataPath(string path) => path + ".data";

    /// <summary>Writes <paramref name="path"/>, and <see cref="DataPath"/> where the weights exceed the limit.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">All but the graph.</param>
    /// <param name="graph">Its nodes, inputs and outputs.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="inlineLimit">Bytes of weights that the file itself may hold.</param>
    public static void Write(
        string path, ModelProto header, GraphProto graph, IReadOnlyCollection<OnnxWeight> weights, long inlineLimit = DefaultInlineLimit)
    {
        var inline = weights.Sum(weight => weight.Length) <= inlineLimit;
        if (!inline)
        {
            AtomicFile.Write(DataPath(path), stream => WriteData(stream, weights));
        }

        var described = Described(weights, inline ? null : Path.GetFileName(DataPath(path))).ToList();
        AtomicFile.Write(path, stream => WriteModel(stream, header, graph, described));
        if (inline)
        {
            File.Delete(DataPath(path)); // an earlier export's
        }
    }

    private static bool IsExternal(OnnxWeight weight) => weight.Length >= LeastExternal;

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void WriteData(Stream stream, IEnumerable<OnnxWeight> weights)
    {
        foreach (var weight in weights.Where(IsExternal))
        {
            stream.Write(new byte[Aligned(stream.Position) - stream.Position]);
            weight.WriteData(stream);
        }
    }

    /// <summary>Each weight with its description; the weight is null where its data is in the file of weights.</summary>
    private static IEnumerable<(TensorProto Description, OnnxWeight? Inline)> Described(IEnumerable<OnnxWeight> weights, string? dataFile)
    {
        var position = 0L;
        foreach (var weight in weights)
        {
            var description = weight.Describe();
            if (dataFile is null || !IsExternal(weight))
            {
                yield return (description, weight);
                continue;
            }

            position = Aligned(position);
            description.DataLocation = TensorProto.Types.DataLocation.External;
            description.ExternalData.Add(Entry("location", dataFile));
            description.ExternalData.Add(Entry("offset", position.ToString(CultureInfo.InvariantCulture)));
            description.ExternalData.Add(Entry("length", weight.Length.ToString(CultureInfo.InvariantCulture)));
            position += weight.Length;
            yield return (description, null);
        }
    }

    private static void WriteModel(
        Stream stream, ModelProto header, GraphProto graph, List<(TensorProto Description, OnnxWeight? Inline)> weights)
    {
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        header.WriteTo(output);
        var ofWeights = weights.Sum(weight => FieldSize(GraphProto.InitializerFieldNumber, Size(weight)));
        WriteField(output, ModelProto.GraphFieldNumber, graph.CalculateSize() + ofWeights);
        graph.WriteTo(output);
        foreach (var weight in weights)
        {
            WriteField(output, GraphProto.InitializerFieldNumber, Size(weight));
            weight.Description.WriteTo(output);
            if (weight.Inline is { } inline)
            {
                WriteField(output, TensorProto.RawDataFieldNumber, inline.Length);
                output.Flush();
                inline.WriteData(stream);
            }
        }
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static long Size((TensorProto Description, OnnxWeight? Inline) weight) =>
        weight.Description.CalculateSize() + (weight.Inline is { } inline ? FieldSize(TensorProto.RawDataFieldNumber, inline.Length) : 0);

    /// <summary>Bytes of a field whose content has a length.</summary>
    private static long FieldSize(int number, long length) =>
        CodedOutputStream.ComputeTagSize(number) + CodedOutputStream.ComputeLengthSize(checked((int)length)) + length;

    private static void WriteField(CodedOutputStream output, int number, long length)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteLength(checked((int)length));
    }
}
