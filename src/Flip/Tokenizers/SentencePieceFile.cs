using System.Text;
using Google.Protobuf;

namespace Flip.Tokenizers;

/// <summary>
/// SentencePiece's own file, a message of Protocol Buffers. It is read field by field within <see cref="TokenizerLimits"/>; what would give other ids
/// than ours is refused.
/// </summary>
internal static class SentencePieceFile
{
    /// <summary>The names that the file has in models' folders, SigLIP's first.</summary>
    public static readonly string[] Names = ["spiece.model", "tokenizer.model", "sentencepiece.model"];

    private const int Unigram = 1; // trainer_spec.model_type
    private const int BytePairs = 2;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file of a folder; null where it has none.</summary>
    public static string? In(string folder) => Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="VocabularyException">It is damaged, or of a kind that Flip does not have.</exception>
    public static SentencePieceModel Read(string path, byte[] content)
    {
        try
        {
            return ReadModel(path, new CodedInputStream(content));
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or DecoderFallbackException)
        {
            throw new VocabularyException(path, $"is no SentencePiece model ({TokenizerInput.Reason(e)})", e);
        }
    }

    private static SentencePieceModel ReadModel(string path, CodedInputStream input)
    {
        var pieces = new List<Piece>();
        var (training, normalizing) = (new Training(), new Normalizing());
        Each(input, (field, type) =>
        {
            if (type != WireFormat.WireType.LengthDelimited || field is not (1 or 2 or 3))
            {
                return false;
            }

            var message = input.ReadBytes().CreateCodedInput();
            if (field == 1)
            {
                pieces.Add(pieces.Count < TokenizerLimits.Tokens
                    ? ReadPiece(path, message)
                    : throw new VocabularyException(path, $"has more than {TokenizerLimits.Tokens} pieces, the most that are read"));
            }
            else if (field == 2)
            {
                ReadTraining(message, training);
            }
            else
            {
                ReadNormalizing(message, normalizing);
            }

            return true;
        });
        var model = new SentencePieceModel(path, pieces)
        {
            IsUnigram = training.ModelType == Unigram,
            HasBytes = training.ByteFallback,
            AddsBlank = normalizing.AddsBlank,
            MergesBlanks = normalizing.MergesBlanks,
            Map = normalizing.Map.Length == 0 ? null : new CharacterMap(path, normalizing.Map),
            EndPiece = training.EndPiece,
            PaddingPiece = training.PaddingPiece,
        };
        model.Require(training.ModelType is Unigram or BytePairs, "is a SentencePiece model of words or letters; Unigram and BPE are supported");
        model.Require(normalizing.EscapesBlanks, "keeps blanks as they are (escape_whitespaces is false), which Flip does not");
        model.Require(!training.BlankBehind, "marks blanks behind words (treat_whitespace_as_suffix), which Flip does not");
        model.Require(model.IsUnigram || pieces.All(piece => piece.Type != PieceType.Unused), "has pieces that are not used, which Flip has in Unigram models alone");
        return model;
    }

    /// <summary>Goes through the fields of a message; those that are not read are passed over.</summary>
    private static void Each(CodedInputStream input, Func<int, WireFormat.WireType, bool> read)
    {
        while (input.ReadTag() is not 0 and var tag)
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag)))
            {
                input.SkipLastField();
            }
        }
    }

    private static Piece ReadPiece(string path, CodedInputStream input)
    {
        var piece = new Piece(string.Empty, 0, PieceType.Normal);
        Each(input, (field, wire) =>
        {
            switch (field, wire)
            {
                case (1, WireFormat.WireType.LengthDelimited):
                    piece = piece with { Text = Text(input) };
                    return true;
                case (2, WireFormat.WireType.Fixed32):
                    piece = piece with { Score = input.ReadFloat() };
                    return true;
                case (3, WireFormat.WireType.Varint):
                    piece = piece with { Type = (PieceType)input.ReadInt32() };
                    return true;
                default:
                    return false;
            }
        });
        return Enum.IsDefined(piece.Type) ? piece : throw new VocabularyException(path, $"has a piece of the unknown type {(int)piece.Type}");
    }

    private static void ReadTraining(CodedInputStream input, Training training) => Each(input, (field, wire) =>
    {
        switch (field, wire)
        {
            case (3, WireFormat.WireType.Varint):
                training.ModelType = input.ReadInt32();
                return true;
            case (24, WireFormat.WireType.Varint):
                training.BlankBehind = input.ReadBool();
                return true;
            case (35, WireFormat.WireType.Varint):
                training.ByteFallback = input.ReadBool();
                return true;
            case (47, WireFormat.WireType.LengthDelimited):
                training.EndPiece = Text(input);
                return true;
            case (48, WireFormat.WireType.LengthDelimited):
                training.PaddingPiece = Text(input);
                return true;
            default:
                return false;
        }
    });

    private static void ReadNormalizing(CodedInputStream input, Normalizing normalizing) => Each(input, (field, wire) =>
    {
        switch (field, wire)
        {
            case (2, WireFormat.WireType.LengthDelimited):
                normalizing.Map = input.ReadBytes().ToByteArray();
                return true;
            case (3, WireFormat.WireType.Varint):
                normalizing.AddsBlank = input.ReadBool();
                return true;
            case (4, WireFormat.WireType.Varint):
                normalizing.MergesBlanks = input.ReadBool();
                return true;
            case (5, WireFormat.WireType.Varint):
                normalizing.EscapesBlanks = input.ReadBool();
                return true;
            default:
                return false;
        }
    });

    private static string Text(CodedInputStream input) => Strict.GetString(input.ReadBytes().Span);

    /// <summary>What the file says of its training, with SentencePiece's values where it says nothing.</summary>
    private sealed class Training
    {
        public int ModelType { get; set; } = Unigram;

        public bool BlankBehind { get; set; }

        public bool ByteFallback { get; set; }

        public string EndPiece { get; set; } = "</s>";

        public string PaddingPiece { get; set; } = "<pad>";
    }

    /// <summary>What the file says of texts.</summary>
    private sealed class Normalizing
    {
        public byte[] Map { get; set; } = [];

        public bool AddsBlank { get; set; } = true;

        public bool MergesBlanks { get; set; } = true;

        public bool EscapesBlanks { get; set; } = true;
    }
}
